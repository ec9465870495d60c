package review

import (
	"net/http"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// errReplyGone answers who picked a saved reply that somebody deleted meanwhile.
var errReplyGone = fault.New(fault.Conflict, "saved-reply-gone", "There is no such saved reply any more.")

// useReply shows the case with a saved reply behind what was typed for the customer. Nothing
// changes and nothing is sent: all that the form holds comes back with the page.
func (p *pages) useReply(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	shown, err := p.caseOf(c, c.Param("ticket"), listFrom(c.Query("view")))
	if err != nil {
		return err
	}
	if !shown.Works {
		return desk.ErrForbidden
	}
	into := "body"
	shown.Which, shown.Form = "public", form
	if form.Get("into") == "message" {
		into, shown.Which = "message", "decision"
		// The form comes back with the digest of now: what changed is said, as after a refusal.
		shown.Panel.Changes = changesSince(c.View, shownBefore(form), shown.CaseView)
	}
	status := http.StatusOK
	reply := replyWords(shown.Replies, form.Get("saved_reply"), shown.Account.Locale)
	switch {
	case !shown.open():
		form.Fault = review.ErrTicketClosed
	case reply == "":
		form.Fault = errReplyGone
	default:
		form.Set(into, behind(form.Get(into), reply))
		shown.Added = into
	}
	if form.Fault != nil {
		status = page.StatusOf(form.Fault.Kind)
	}
	// It is the page of the case still, and no address to come back to.
	c.Writer().Header().Set("HX-Push-Url", "false")
	return c.ShowAs(status, shown.title(c.View), caseBody(c.View, shown))
}

// replyWords are those of the saved reply in the customer's language, or in the one that it
// is written in; "" when there is no such reply.
func replyWords(replies []review.SavedReply, id, locale string) string {
	for _, r := range replies {
		if r.ID != id {
			continue
		}
		for _, l := range []string{locale, refund.English, refund.SimplifiedChinese} {
			if words := r.Body[l]; words != "" {
				return words
			}
		}
	}
	return ""
}

// behind is a text with another one as its next paragraph.
func behind(text, added string) string {
	if text == "" {
		return added
	}
	return text + "\n\n" + added
}
