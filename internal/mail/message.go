package mail

import (
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
)

// The refusals that trying again does not mend.
var (
	// ErrRefused: the mail server will not take mail for this customer's address.
	ErrRefused = fault.New(fault.Unprocessable, "mail-refused", "The mail server refused the message for good.")
	// ErrAddress: what is on record is no mail address.
	ErrAddress = fault.New(fault.Unprocessable, "mail-refused", "The customer's record has no usable mail address.")
)

// compose makes the mail of a notice. Returns ErrAddress, or the fault of notify.Render.
func (e endpoint) compose(n notify.Notice) (*gomail.Msg, error) {
	words, err := notify.Render(n)
	if err != nil {
		return nil, err
	}
	to, err := netmail.ParseAddress(n.Email)
	if err != nil || to.Address != n.Email || strings.ContainsAny(n.Email, "\r\n") {
		return nil, ErrAddress
	}
	to.Name = "" // the address is enough for delivery, and a name is one more thing to forge
	id := notify.MessageID(n.ID, e.idDomain)
	left, _, _ := strings.Cut(id, "@")
	if !isMessageIDPart(left) {
		return nil, fault.New(fault.Internal, "notice-unknown", "The notice has an id that cannot stand in a Message-ID.")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(e.from)
	msg.ToMailAddress(to)
	msg.Subject(words.Subject)
	msg.SetMessageIDWithValue(id)
	msg.SetDate()
	// RFC 3834: no vacation answers to a program, and none from it.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", words.Locale)
	msg.SetBodyString(gomail.TypeTextPlain, words.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, words.HTML)
	return msg, nil
}
