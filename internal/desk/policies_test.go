package desk_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// stricter is the shipped policy with a lower limit.
func stricter() string {
	return strings.Replace(string(policy.DefaultSource), `large_amount: {USD: "1000"`, `large_amount: {USD: "5"`, 1)
}

func TestAPolicyIsDraftedPublishedAndRolledBack(t *testing.T) {
	o := newOffice(t)
	o.Buy("large", 1000, 1000) // beside which the others are a small share
	digest, err := o.desk.CheckPolicy(o.Ctx, auditor, stricter())
	require.NoError(t, err)
	draft, err := o.desk.DraftPolicy(o.Ctx, ada, stricter())
	require.NoError(t, err)
	assert.Equal(t, desk.PolicyDraft, draft.State)
	assert.Equal(t, digest, draft.Digest)
	o.screened("p", 10, refund.Crediting) // a draft judges nothing

	published, err := o.desk.PublishPolicy(o.Ctx, ada, draft.Version)
	require.NoError(t, err)
	assert.Equal(t, desk.PolicyPublished, published.State)
	o.screened("q", 10, refund.InReview)
	read, err := o.desk.Policy(o.Ctx, auditor, "1")
	require.NoError(t, err)
	assert.Equal(t, desk.PolicySuperseded, read.State)
	require.NoError(t, does(o.desk.PublishPolicy(o.Ctx, ada, "1")), "rolled back")
	o.screened("n", 10, refund.Crediting)
	page, err := o.desk.Policies(o.Ctx, auditor, desk.Paging{})
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	assert.Equal(t, draft.Version, page.Items[0].Version, "the newest first")
	inForce, err := o.desk.PolicyInForce(o.Ctx, auditor)
	require.NoError(t, err)
	assert.Equal(t, page.Items[1], inForce)
	list, err := o.desk.PolicyVersions(o.Ctx, auditor, desk.Paging{})
	require.NoError(t, err)
	page.Items[0].Source, page.Items[1].Source = "", ""
	assert.Equal(t, page, list, "the same without sources")

	same, err := o.desk.DraftPolicy(o.Ctx, ada, stricter()+"# a comment\n")
	require.NoError(t, err)
	assert.NotEqual(t, draft.Version, same.Version)
}

func TestABrokenPolicyGoesNowhere(t *testing.T) {
	o := newOffice(t)
	const broken = "policy: 1\nrules:\n  - id: x\n    when: no_such_fact > 3\n"
	for name, err := range map[string]error{
		"check": does(o.desk.CheckPolicy(o.Ctx, ada, broken)), "draft": does(o.desk.DraftPolicy(o.Ctx, ada, broken)),
	} {
		f := fault.From(err)
		assert.Equal(t, "invalid-policy", f.Code, name)
		require.NotEmpty(t, f.Fields, name)
		assert.NotZero(t, f.Fields[0].Line, name)
		assert.NotZero(t, f.Fields[0].Column, name)
	}
	// One that another program left in the records.
	kept, err := o.Store.DraftPolicy(o.Ctx, ada, broken, "sha256:x")
	require.NoError(t, err)
	for name, err := range map[string]error{
		"publish": does(o.desk.PublishPolicy(o.Ctx, ada, kept.Version)), "backtest": does(o.desk.Backtest(o.Ctx, ada, kept.Version)),
		"diff": does(o.desk.DiffPolicy(o.Ctx, ada, kept.Version, "")),
	} {
		assert.Equal(t, "invalid-policy", codeOf(err), name)
	}
	inForce, err := o.PolicyVersion(o.Ctx, "")
	require.NoError(t, err)
	assert.Equal(t, "1", inForce.Version)
	var refused []string
	for _, e := range o.refusals("policy-refused") {
		refused = append(refused, e.ObjectID+" "+e.ReasonCode)
	}
	assert.ElementsMatch(t, []string{"new invalid-policy", kept.Version + " invalid-policy", kept.Version + " invalid-policy"}, refused)

	for _, version := range []string{"", "0", "99", "-1", "x", "1 ", strings.Repeat("9", 40)} {
		for _, err := range []error{
			does(o.desk.Policy(o.Ctx, ada, version)), does(o.desk.PublishPolicy(o.Ctx, ada, version)),
			does(o.desk.Backtest(o.Ctx, ada, version)), does(o.desk.DiffPolicy(o.Ctx, ada, version, "")),
		} {
			assert.Equal(t, "not-found", codeOf(err), version)
		}
	}
	assert.Equal(t, "not-found", codeOf(does(o.desk.DiffPolicy(o.Ctx, ada, "1", "99"))))
}

func TestTwoPoliciesAreCompared(t *testing.T) {
	o := newOffice(t)
	draft, err := o.desk.DraftPolicy(o.Ctx, ada, stricter())
	require.NoError(t, err)
	diff, err := o.desk.DiffPolicy(o.Ctx, auditor, draft.Version, "")
	require.NoError(t, err)
	assert.Equal(t, draft.Digest, diff.To)
	require.NotEmpty(t, diff.Settings)
	back, err := o.desk.DiffPolicy(o.Ctx, auditor, "1", draft.Version)
	require.NoError(t, err)
	assert.Equal(t, draft.Digest, back.From)
	none, err := o.desk.DiffPolicy(o.Ctx, ada, "1", "1")
	require.NoError(t, err)
	assert.Empty(t, none.Settings)
	assert.Empty(t, none.Rules)
}

func TestADraftIsBacktested(t *testing.T) {
	o := newOffice(t)
	small := o.screened("p", 10, refund.Crediting)
	o.screened("q", 2, refund.Crediting)
	draft, err := o.desk.DraftPolicy(o.Ctx, ada, stricter())
	require.NoError(t, err)
	report, err := o.desk.Backtest(o.Ctx, ada, draft.Version)
	require.NoError(t, err)
	assert.Equal(t, 2, report.Cases)
	require.Len(t, report.Changes, 1)
	assert.Equal(t, []string{small.ID}, report.Changes[0].Refunds)
	noted := o.refusals(audit.PolicyBacktested)
	require.Len(t, noted, 1)
	assert.Equal(t, draft.Version, noted[0].ObjectID)

	ctx, leave := context.WithCancel(o.Ctx)
	leave()
	_, err = o.desk.Backtest(ctx, ada, draft.Version)
	require.Error(t, err, "nobody waits for it")
	require.NoError(t, does(o.desk.Backtest(o.Ctx, ada, draft.Version)), "and the next one can run")
}

// slow has a backtest wait for the test.
type slow struct {
	desk.Records
	begun, goOn chan struct{}
}

func (s slow) Screenings(ctx context.Context, limit int, total func(int), each func(policy.Case) error) error {
	close(s.begun)
	<-s.goOn
	return s.Records.Screenings(ctx, limit, total, each)
}

func TestOneBacktestRunsAtATime(t *testing.T) {
	o := newOffice(t)
	s := slow{o.Store, make(chan struct{}), make(chan struct{})}
	d := desk.New(desk.Options{Records: s, Engine: o.engine, Watch: o.Store, Policies: o.shelf, Now: o.Clock.Now})
	var first sync.WaitGroup
	first.Go(func() { assert.NoError(t, does(d.Backtest(o.Ctx, ada, "1"))) })
	<-s.begun
	_, err := d.Backtest(o.Ctx, ada, "1")
	require.ErrorIs(t, err, desk.ErrBacktestRunning)
	assert.Positive(t, fault.From(err).RetryAfter)
	assert.Len(t, o.refusals("policy-refused"), 1)
	close(s.goOn)
	first.Wait()
}

func TestCreditingIsPaused(t *testing.T) {
	o := newOffice(t)
	until := o.Clock.Now().Add(24 * time.Hour)
	waiting := o.screened("p", 10, refund.Crediting)
	effect, err := o.desk.PauseEffect(o.Ctx, auditor, desk.PauseAccount, "acct")
	require.NoError(t, err)
	assert.EqualValues(t, 1, effect.Held)
	p, err := o.desk.Pause(o.Ctx, ada, desk.Pause{ID: "mine", By: "somebody", Scope: desk.PauseAccount, Target: "acct", Reason: "a burst of refunds", ExpiresAt: until})
	require.NoError(t, err)
	assert.Equal(t, "ada", p.By)
	assert.NotEqual(t, "mine", p.ID)
	o.Step(waiting.ID, refund.VerbCredit, refund.OnHold)
	hers, err := o.desk.Refund(o.Ctx, ann, waiting.ID)
	require.NoError(t, err)
	timeline := hers.Timeline(ann)
	assert.Equal(t, string(refund.CausePause), timeline[len(timeline)-1].ReasonCode)

	page, err := o.desk.Pauses(o.Ctx, rita, true, desk.Paging{})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	o.engine.heard = nil
	ended, err := o.desk.EndPause(o.Ctx, ada, p.ID)
	require.NoError(t, err)
	assert.Equal(t, "ada", ended.EndedBy)
	require.Len(t, o.engine.heard, 1)
	assert.Equal(t, desk.IntentPause, o.engine.heard[0].Kind)
	again, err := o.desk.EndPause(o.Ctx, ada, p.ID)
	require.NoError(t, err)
	assert.Equal(t, ended, again, "it is over")
	require.Len(t, o.engine.heard, 1)
	assert.Equal(t, "not-found", codeOf(does(o.desk.EndPause(o.Ctx, ada, "none"))))
}

// Of the pauses that cover a package the last one counts, and the drain window runs beside.
func TestWhatDelaysACredit(t *testing.T) {
	o := newOffice(t)
	now := o.Clock.Now()
	d := desk.New(desk.Options{Records: o.Store, Engine: o.engine, Now: o.Clock.Now, Drain: time.Hour})
	delay := func(p refund.Package) desk.Delay {
		t.Helper()
		found, err := d.CreditDelay(o.Ctx, rita, p)
		require.NoError(t, err)
		return found
	}
	hers := refund.Package{AccountID: "acct", Product: refund.GlobalSMS, FrozenAt: &now}
	settles := now.Add(time.Hour)
	assert.Equal(t, desk.Delay{SettlesAt: &settles}, delay(hers))
	assert.Empty(t, delay(refund.Package{AccountID: "acct"}), "nothing was frozen")

	last := now
	for range 201 { // more than are read at once, the longest is the oldest
		_, err := o.desk.Pause(o.Ctx, ada, desk.Pause{Scope: desk.PauseProduct, Target: refund.GlobalSMS, Reason: "r", ExpiresAt: now.Add(300*time.Hour - last.Sub(now))})
		require.NoError(t, err)
		last = last.Add(time.Hour)
	}
	p, err := o.desk.Pause(o.Ctx, ada, desk.Pause{Scope: desk.PauseAccount, Target: "acct", Reason: "r", ExpiresAt: now.Add(400 * time.Hour)})
	require.NoError(t, err)
	o.Clock.Add(time.Hour)
	assert.Equal(t, now.Add(400*time.Hour), *delay(hers).PausedUntil)
	assert.Nil(t, delay(hers).SettlesAt, "the window is closed")
	assert.Equal(t, now.Add(300*time.Hour), *delay(refund.Package{AccountID: "other", Product: refund.GlobalSMS}).PausedUntil)
	assert.Nil(t, delay(refund.Package{AccountID: "other", Product: "voice"}).PausedUntil)
	_, err = o.desk.EndPause(o.Ctx, ada, p.ID)
	require.NoError(t, err)
	assert.Equal(t, now.Add(300*time.Hour), *delay(hers).PausedUntil)
	all, err := o.desk.Pause(o.Ctx, ada, desk.Pause{Scope: desk.PauseAll, Reason: "r", ExpiresAt: now.Add(500 * time.Hour)})
	require.NoError(t, err)
	assert.Equal(t, all.ExpiresAt, *delay(refund.Package{AccountID: "other", Product: "voice"}).PausedUntil)
}

func TestAPauseIsChecked(t *testing.T) {
	o := newOffice(t)
	good := desk.Pause{Scope: desk.PauseAll, Reason: "reconciliation", ExpiresAt: o.Clock.Now().Add(time.Hour)}
	for name, c := range map[string]struct {
		change func(*desk.Pause)
		field  string
	}{
		"no scope":           {func(p *desk.Pause) { p.Scope = "" }, "scope"},
		"another scope":      {func(p *desk.Pause) { p.Scope = "country" }, "scope"},
		"all of something":   {func(p *desk.Pause) { p.Target = "acct" }, "target"},
		"a product unknown":  {func(p *desk.Pause) { p.Scope, p.Target = desk.PauseProduct, "voice" }, "target"},
		"no account":         {func(p *desk.Pause) { p.Scope = desk.PauseAccount }, "target"},
		"an account unknown": {func(p *desk.Pause) { p.Scope, p.Target = desk.PauseAccount, "none" }, "target"},
		"no reason":          {func(p *desk.Pause) { p.Reason = "\t" }, "reason"},
		"an essay":           {func(p *desk.Pause) { p.Reason = strings.Repeat("x", 100_000) }, "reason"},
		"over already":       {func(p *desk.Pause) { p.ExpiresAt = o.Clock.Now() }, "expires_at"},
		"for ever":           {func(p *desk.Pause) { p.ExpiresAt = o.Clock.Now().Add(desk.MostPause + 1) }, "expires_at"},
		"without end":        {func(p *desk.Pause) { p.ExpiresAt = time.Time{} }, "expires_at"},
	} {
		p := good
		c.change(&p)
		_, err := o.desk.Pause(o.Ctx, ada, p)
		assert.Equal(t, c.field, fieldOf(err), name)
	}
	assert.Len(t, o.refusals("pause-refused"), 11)
	assert.Equal(t, "target", fieldOf(does(o.desk.PauseEffect(o.Ctx, rita, desk.PauseAccount, "none"))))
	page, err := o.desk.Pauses(o.Ctx, rita, false, desk.Paging{})
	require.NoError(t, err)
	assert.Empty(t, page.Items)
	good.Scope, good.Target = desk.PauseProduct, refund.GlobalSMS
	require.NoError(t, does(o.desk.Pause(o.Ctx, ada, good)))
}

func TestFiguresAreOfThePast(t *testing.T) {
	o := newOffice(t)
	o.inReview("p")
	now := o.Clock.Now()
	f, err := o.desk.Figures(o.Ctx, rita, time.Time{})
	require.NoError(t, err)
	assert.Equal(t, now.AddDate(0, 0, -30), f.Since)
	for _, since := range []time.Time{now, now.AddDate(0, 0, -400)} {
		require.NoError(t, does(o.desk.Figures(o.Ctx, auditor, since)))
	}
	for _, since := range []time.Time{now.Add(time.Second), now.AddDate(0, 0, -400).Add(-time.Second)} {
		assert.Equal(t, "since", fieldOf(does(o.desk.Figures(o.Ctx, ada, since))))
	}
}

func TestSavedReplies(t *testing.T) {
	o := newOffice(t)
	good := review.SavedReply{Title: "Invoice", Body: map[string]string{"en": "Please send the invoice.", "zh-Hans": "请发送发票。"}}
	saved, err := o.desk.SaveReply(o.Ctx, sam, good)
	require.NoError(t, err)
	saved.Body = map[string]string{"en": "Would you send the invoice, please?"}
	again, err := o.desk.SaveReply(o.Ctx, ada, saved)
	require.NoError(t, err)
	assert.Equal(t, saved.ID, again.ID)
	all, err := o.desk.SavedReplies(o.Ctx, rita)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, saved.Body, all[0].Body)
	require.NoError(t, o.desk.Visible(o.Ctx, rita, audit.ObjectReply, saved.ID))
	assert.Equal(t, "not-found", codeOf(o.desk.Visible(o.Ctx, rita, audit.ObjectReply, "none")))

	for field, r := range map[string]review.SavedReply{
		"title":   {Title: "a\nb", Body: good.Body},
		"body":    {Title: "x"},
		"body.en": {Title: "x", Body: map[string]string{"en": " "}},
	} {
		assert.Equal(t, field, fieldOf(does(o.desk.SaveReply(o.Ctx, sam, r))))
	}
	assert.Equal(t, "body", fieldOf(does(o.desk.SaveReply(o.Ctx, sam, review.SavedReply{Title: "x", Body: map[string]string{"fr": "x"}}))))
	require.NoError(t, o.desk.DeleteReply(o.Ctx, sam, saved.ID))
	assert.Equal(t, "not-found", codeOf(o.desk.DeleteReply(o.Ctx, sam, saved.ID)))
}
