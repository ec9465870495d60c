package mail

import (
	"context"
	"errors"
	"net"
	"net/textproto"
	"os"
	"time"

	gomail "github.com/wneessen/go-mail"

	"refunddesk/internal/fault"
)

// unavailable is the fault of a mail that may be tried again. A cause is only given where
// it is known to hold no address: a server's answers often repeat the recipient.
func unavailable(detail string, cause error) error {
	f := fault.New(fault.Unavailable, "mail-unavailable", "%s", detail)
	if cause != nil {
		return f.With(cause)
	}
	return f
}

// dialFailed is about the connection: host and port may be named, what the server said
// is given as its number.
func dialFailed(err error) error {
	var reply *textproto.Error
	var op *net.OpError
	switch {
	case isTimeout(err):
		return unavailable("The mail server did not answer in time.", context.DeadlineExceeded)
	case errors.As(err, &reply):
		return answered("The mail server answered %d to the sign-in.", reply.Code)
	case errors.As(err, &op):
		return unavailable("The mail server cannot be reached.", op)
	}
	return unavailable("The mail server and we could not agree on how to talk (TLS or sign-in); compare "+smtpSetting+" with what the server offers.", nil)
}

// sendFailed is about one mail on an open connection. The mail library keeps the cause of
// a broken connection to itself; whether time ran out is known from ctx. Its deadline is
// looked at as well: the connection's own, at the same instant, can fire first.
func sendFailed(ctx context.Context, err error) error {
	until, bounded := ctx.Deadline()
	if ctx.Err() != nil || (bounded && !time.Now().Before(until)) {
		return unavailable("The mail server did not answer in time.", context.DeadlineExceeded)
	}
	failure, ok := failureOf(err)
	if !ok || failure.ErrorCode() == 0 {
		return unavailable("The connection to the mail server broke.", nil)
	}
	code := failure.ErrorCode()
	aboutThisMail := failure.Reason == gomail.ErrSMTPRcptTo || failure.Reason == gomail.ErrSMTPDataClose
	if aboutThisMail && code >= 500 && !aboutUs(code) {
		return ErrRefused
	}
	return answered("The mail server answered %d.", code)
}

// aboutUs are the 5xx answers that an operator mends (bad sequence, sign-in, encryption):
// the customer's address is not to blame, and the mail waits.
func aboutUs(code int) bool {
	return code < 510 || code == 530 || code == 534 || code == 535 || code == 538
}

func answered(format string, code int) error {
	return fault.New(fault.Unavailable, "mail-unavailable", format, code)
}

func failureOf(err error) (*gomail.SendError, bool) {
	var failure *gomail.SendError
	ok := errors.As(err, &failure)
	return failure, ok && failure != nil
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
