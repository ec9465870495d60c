package customer_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

func TestTheStorySaysWhoMovesNextAndByWhen(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	p := o.sound(o.ann, "/refunds/"+id)
	assert.Equal(t, "In review", p.Find("#now .state").Text())
	assert.Equal(t, "2026-03-03T12:00:00Z", p.Find("#by time").Attr("datetime"), "the desk decides within 48 hours")
	assert.Contains(t, p.Find("#by").Text(), "in 2 d 0 h")
	assert.Equal(t, "Why: A person looks at it.", p.Find("#explanation").Text())
	assert.Equal(t, "原因： 需要人工审核。", o.ann.In("zh-Hans").Get("/refunds/"+id).Find("#explanation").Text())

	o.Clock.Add(49 * time.Hour)
	late := o.ann.Get("/refunds/" + id)
	assert.Nil(t, late.Find("#by"), "no time that has passed is promised")
	assert.Contains(t, late.Find("#mover").Text(), "longer than we promised")

	o.AskCustomer(id, "Which package did you mean?")
	p = o.sound(o.ann, "/refunds/"+id)
	assert.Equal(t, "Waiting for you", p.Find("#now .state").Text())
	assert.Equal(t, "2026-03-10T13:00:00Z", p.Find("#by time").Attr("datetime"), "seven days to answer")
	assert.Equal(t, []string{"Which package did you mean?"}, texts(p.Element, "#conversation .message.public .body"))
	assert.NotNil(t, p.Find("#reply-form button.primary"))

	sent := o.ann.Send(p, "#reply-form", "body", "The <second> one.\nReally.")
	assert.Equal(t, "/refunds/"+id+"?done=message-sent", sent.Location)
	p = o.sound(o.ann, sent.Location)
	assert.Equal(t, "The <second> one.\nReally.", p.Find(".message.customer .body").Raw())
	assert.Equal(t, "Your message has been sent.", p.Find("#said").Text())
}

func TestTheTimelineTellsWhatHappened(t *testing.T) {
	o := newOffice(t)
	all := o.EveryState()
	for state, want := range map[refund.State][]string{
		refund.Credited: {
			"You asked for the refund; the package was frozen.", "We began to check the request.", "The refund was approved.", "$50.00 was credited to your account balance.",
		},
		refund.Screening: {"You asked for the refund; the package was frozen.", "We began to check the request.", "The request was put on hold.", "Nothing holds the request any more; the check went on.", "Next: we go on by ourselves."},
		refund.Withdrawn: {"You asked for the refund; the package was frozen.", "You withdrew the request; the package was released."},
	} {
		p := o.ann.Get("/refunds/" + all[state].ID)
		assert.Equal(t, want, texts(p.Element, ".timeline .step p"), state)
	}
	p := o.ann.Get("/refunds/" + all[refund.OnHold].ID)
	assert.Equal(t, []string{"The payment for this package is disputed. The request goes on when the dispute is settled."}, texts(p.Element, "#causes li"))
	p = o.ann.Get("/refunds/" + all[refund.Rejected].ID)
	assert.Contains(t, p.Find("#reason").Text(), "do not look like ordinary use")
	p = o.ann.Get("/refunds/" + all[refund.Crediting].ID)
	assert.Equal(t, "70.000000 USD", p.Find("#amount-quote data").Attr("value"))
	assert.Equal(t, "70.000000 USD", p.Find("#amount-approved data").Attr("value"))
	assert.Equal(t, "nothing", p.Find("#amount-credited").Text())
}

func TestWithdraw(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	p := o.ann.Get("/refunds/" + id)
	assert.Contains(t, p.Find("#withdraw").Text(), "$2,000.00 will not be refunded")
	sent := o.ann.Send(p, "#withdraw-form")
	assert.Equal(t, "/refunds/"+id+"?done=withdrawn", sent.Location)
	assert.Equal(t, "Withdrawn", o.sound(o.ann, sent.Location).Find("#now .state").Text())
	assert.Equal(t, http.StatusSeeOther, o.ann.Send(p, "#withdraw-form").Status, "once more is the same")

	o.Buy("q", 100, 100)
	late := o.MustFile("q").ID
	page := o.ann.Get("/refunds/" + late)
	o.Step(late, refund.VerbScreen, refund.Crediting)
	o.Step(late, refund.VerbCredit, refund.Credited)
	refused := o.ann.Send(page, "#withdraw-form")
	assert.Equal(t, http.StatusConflict, refused.Status)
	assert.Contains(t, refused.Find(".trouble").Text(), "too late")
	assert.Equal(t, "Credited", refused.Find("#now .state").Text(), "and the page says where it stands")

	o.Buy("r", 100, 100)
	id = o.MustFile("r").ID
	o.Engine.Instead = pagetest.Away
	assert.Equal(t, http.StatusServiceUnavailable, o.ann.Send(o.ann.Get("/refunds/"+id), "#withdraw-form").Status)
}

func TestAReplyThatIsRefusedIsKept(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	page := o.ann.Get("/refunds/" + id)
	blank := o.ann.Send(page, "#reply-form", "body", "  ")
	assert.Equal(t, http.StatusUnprocessableEntity, blank.Status)
	assert.Equal(t, "Please fill this in.", blank.Find("#body-problem").Text())
	assert.True(t, blank.Find("#reply").Has("hx-morph-skip"), "the stream leaves it alone")
	assert.Empty(t, blank.Flaws())

	long := strings.Repeat("x", 10_001)
	assert.Equal(t, long, o.ann.Send(page, "#reply-form", "body", long).Find("#body").Raw())

	o.Decide(id, storetest.Reviewer, review.Reject)
	late := o.ann.Send(page, "#reply-form", "body", "I was about to say")
	assert.Equal(t, http.StatusConflict, late.Status)
	assert.Equal(t, "I was about to say", late.Find("#kept").Raw())
	assert.Empty(t, late.Flaws())
}

// What the browser shows after a form was refused can be read again: in another language, say.
func TestTheAddressOfAFormLeadsToItsPage(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	for _, what := range []string{"withdraw", "reply", "appeal"} {
		assert.Equal(t, "/refunds/"+id, o.ann.Get("/refunds/"+id+"/"+what).Location, what)
	}
	assert.Equal(t, "/tickets/t_1", o.ann.Get("/tickets/t_1/messages").Location)
}

func TestAppealOnce(t *testing.T) {
	o := newOffice(t)
	id := o.rejected("p")
	page := o.ann.Get("/refunds/" + id)
	assert.Equal(t, "Please fill this in.", o.ann.Send(page, "#appeal-form", "note", " ").Find("#note-problem").Text())
	sent := o.ann.Send(page, "#appeal-form", "note", "Look again, please.")
	require.Equal(t, http.StatusSeeOther, sent.Status, sent.Body)
	assert.NotContains(t, sent.Location, id)
	p := o.sound(o.ann, sent.Location)
	assert.Equal(t, "Your appeal has been filed.", p.Find("#said").Text())
	assert.Equal(t, "/refunds/"+id, p.Find("#appeal-of").Attr("href"))
	assert.Equal(t, "You appealed; the package was frozen again.", p.Find(".timeline .step p").Text())
	appeal := strings.TrimSuffix(strings.TrimPrefix(sent.Location, "/refunds/"), "?done=appealed")

	first := o.sound(o.ann, "/refunds/"+id)
	assert.Nil(t, first.Find("#appeal-form"))
	assert.Equal(t, "/refunds/"+appeal, first.Find("#appealed").Attr("href"))
	again := o.ann.Send(page, "#appeal-form", "note", "Look again, please.")
	assert.Equal(t, sent.Location, again.Location, "the button was pressed twice")
	assert.Empty(t, o.Refusals(audit.AppealRefused)[1:], "only the one without a word was refused")
	twice := o.ann.Send(page, "#appeal-form", "note", "And again.")
	assert.Equal(t, http.StatusConflict, twice.Status)
	assert.Equal(t, "And again.", twice.Find("#kept").Raw())
	assert.Equal(t, "Appeal", o.ann.Get("/refunds").Find("#refund-"+appeal+" .badge").Text())
}

// An appeal that would be refused is not offered, and the page says why.
func TestAnAppealIsOfferedOnlyWhereItHelps(t *testing.T) {
	o := newOffice(t)
	id := o.rejected("p")
	offered := func() bool { return o.ann.Get("/refunds/"+id).Find("#appeal-form") != nil }
	next := func() string { return o.sound(o.ann, "/refunds/"+id).Find("#mover").Text() }
	require.True(t, offered())
	assert.Contains(t, next(), "you can appeal once")

	standing := func(s refund.Standing) {
		_, _, err := o.SetStanding(o.Ctx, storetest.Admin, "acct", s, "because")
		require.NoError(t, err)
	}
	standing(refund.Suspended)
	assert.False(t, offered())
	assert.Contains(t, next(), "The account is suspended")
	standing(refund.Good)
	require.True(t, offered())

	_, _, err := o.SetDispute(o.Ctx, storetest.Integrator, "p", refund.DisputeLost)
	require.NoError(t, err)
	assert.False(t, offered())
	assert.Contains(t, next(), "charged back")
}

// A reply whose button was pressed twice is said once, also when its case was closed between.
func TestAReplyTwiceIsSaidOnce(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	page := o.ann.Get("/refunds/" + id)
	require.Equal(t, http.StatusSeeOther, o.ann.Send(page, "#reply-form", "body", "It was us.").Status)
	o.Decide(id, storetest.Reviewer, review.Reject)
	assert.Equal(t, "/refunds/"+id+"?done=message-sent", o.ann.Send(page, "#reply-form", "body", "It was us.").Location)
	assert.Equal(t, []string{"It was us."}, texts(o.ann.Get("/refunds/"+id).Element, ".message .body"))
}

// What a page refuses before the desk is asked is on the record as if it had been.
func TestWhatPagesRefuseIsOnTheRecord(t *testing.T) {
	o := newOffice(t)
	id := o.credited("p")
	body := url.Values{"body": {"a word"}, "note": {"a word"}}
	assert.Equal(t, http.StatusForbidden, o.site.As(storetest.Reviewer).Post("/refunds/"+id+"/withdraw", nil).Status)
	assert.Equal(t, http.StatusForbidden, o.site.As(storetest.Customer("")).Post("/refunds/"+id+"/appeal", body).Status)
	assert.Equal(t, http.StatusNotFound, o.bob.Post("/refunds/"+id+"/reply", body).Status)
	assert.Equal(t, http.StatusConflict, o.ann.Post("/refunds/"+id+"/reply", body).Status, "nobody looked at it")
	assert.Equal(t, []string{"rita: refund " + id + ", forbidden"}, o.Refusals(audit.WithdrawRefused))
	assert.Equal(t, []string{storetest.Customer("").Subject + ": refund " + id + ", no-account"}, o.Refusals(audit.AppealRefused))
	assert.Equal(t, []string{bob.Subject + ": refund " + id + ", not-found", ann.Subject + ": refund " + id + ", no-conversation"}, o.Refusals(audit.TicketWorkRefused))
}

// Whatever staff write for staff says "canary", and no page of the customer's does, at any
// point of a case; also not for a customer who works here.
func TestNothingInternalReachesAPage(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	ticket := o.OpenTicket(id)
	voter := storetest.Reviewer
	voter.Subject = "canary-voter"
	_, err := o.Desk.Say(o.Ctx, voter, ticket, review.Internal, "canary: an internal note")
	require.NoError(t, err)
	_, err = o.Desk.Say(o.Ctx, voter, ticket, review.Public, "a public word")
	require.NoError(t, err)
	_, _, err = o.SetStanding(o.Ctx, storetest.Admin, "acct", refund.Suspended, "canary: a reason for staff")
	require.NoError(t, err)
	_, _, err = o.SetStanding(o.Ctx, storetest.Admin, "acct", refund.Good, "canary: another reason")
	require.NoError(t, err)
	asked, err := o.Desk.Ask(o.Ctx, ann, desk.Question{Subject: "mine", Body: "mine too"})
	require.NoError(t, err)
	_, err = o.Desk.Say(o.Ctx, voter, asked.Ticket.ID, review.Internal, "canary: on the question")
	require.NoError(t, err)

	look := func(when string) {
		for _, b := range []*pagetest.Browser{o.ann, o.site.As(insider)} {
			for _, path := range []string{"/packages/global-sms", "/packages/p/refund", "/refunds", "/refunds/" + id, "/balance", "/balance/statement.csv", "/tickets", "/tickets/" + ticket, "/tickets/" + asked.Ticket.ID, "/tickets/new"} {
				p := b.Get(path)
				require.Equal(t, http.StatusOK, p.Status, path)
				assert.NotContains(t, p.Body, "canary", "%s %s", path, when)
				assert.NotContains(t, p.Body, "amount-above-limit", "%s %s", path, when)
			}
		}
		assert.Equal(t, []string{"a public word"}, texts(o.ann.Get("/refunds/"+id).Element, ".message .body"))
	}
	look("in review")
	v, err := o.Case(o.Ctx, ticket)
	require.NoError(t, err)
	_, err = o.Desk.Decide(o.Ctx, voter, ticket, desk.Judgement{Vote: review.Reject, ReasonCode: "other", Note: "canary: why", Digest: v.Case.Digest()})
	require.NoError(t, err)
	look("rejected")
}
