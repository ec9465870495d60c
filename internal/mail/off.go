package mail

import (
	"context"
	"log/slog"

	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
)

// ErrOff is what Off answers. It is final: trying again does not help until somebody
// configures a mail server and starts the program again.
var ErrOff = fault.New(fault.Unprocessable, "mail-off", "No mail server is configured; set "+smtpSetting+".")

// Off is the mailer of a program without a mail server. It sends nothing and says so:
// a notice is never marked as sent that nobody got. It becomes a dead letter at once, which
// the records keep, instead of being tried for days. Refunds do not wait for it.
type Off struct{}

// NewOff logs once that mails are off. A nil logger means slog.Default.
func NewOff(log *slog.Logger) Off {
	if log == nil {
		log = slog.Default()
	}
	log.Warn("no mail server is configured: customers are told nothing until there is one", "setting", smtpSetting)
	return Off{}
}

// Send returns ErrOff.
func (Off) Send(context.Context, notify.Notice) error { return ErrOff }
