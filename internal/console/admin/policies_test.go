package admin_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

// stricter is the shipped policy with a lower limit and without one of its rules.
func stricter(t *testing.T) string {
	t.Helper()
	source := string(policy.DefaultSource)
	for _, change := range [][2]string{{`large_amount: {USD: "1000"`, `large_amount: {USD: "5"`}, {"- id: many-refunds-30d", "- id: many-in-a-month"}} {
		require.Contains(t, source, change[0])
		source = strings.Replace(source, change[0], change[1], 1)
	}
	return source
}

// drafted keeps a source by the editor and gives its page.
func (o *office) drafted(source string) (version, path string) {
	o.T.Helper()
	sent := o.ada.Send(o.ada.Get("/policies/new"), "#editor", "source", source, "action", "draft")
	require.Equal(o.T, http.StatusSeeOther, sent.Status, "%s", sent.Body)
	path, _, _ = strings.Cut(sent.Location, "?")
	return strings.TrimPrefix(path, "/policies/"), path
}

func TestVersionsAreListed(t *testing.T) {
	o := newOffice(t)
	o.drafted(stricter(t))
	p := o.sound("/policies")
	assert.Len(t, p.All("#versions tbody tr"), 2)
	assert.Contains(t, p.Find("#in-force").Text(), o.inForce().Digest)
	assert.NotNil(t, p.Find("#new-policy"))
	assert.Nil(t, o.otto.Get("/policies").Find("#new-policy"))
}

func TestTheEditorBeginsWithWhatIsInForce(t *testing.T) {
	o := newOffice(t)
	p := o.ada.Get("/policies/new")
	require.Equal(t, http.StatusOK, p.Status)
	assert.Empty(t, p.Flaws())
	assert.Equal(t, string(policy.DefaultSource), p.Find("#source").Raw())
	assert.Equal(t, "false", p.Find("#source").Attr("spellcheck"))
	version, _ := o.drafted(stricter(t))
	assert.Equal(t, stricter(t), o.ada.Get("/policies/new?from="+version).Find("#source").Raw())
}

func TestAPolicyIsCheckedWithoutBeingKept(t *testing.T) {
	o := newOffice(t)
	p := o.ada.Send(o.ada.Get("/policies/new"), "#editor", "source", stricter(t), "action", "check")
	require.Equal(t, http.StatusOK, p.Status)
	assert.Empty(t, p.Flaws())
	assert.Contains(t, p.Find("#checked").Text(), "sha256:")
	assert.Equal(t, stricter(t), p.Find("#source").Raw(), "what was typed is kept")
	page, err := o.Desk.Policies(o.Ctx, ada, desk.Paging{})
	require.NoError(t, err)
	assert.Len(t, page.Items, 1)
}

func TestProblemsOfAPolicyAreShownWhereTheyAre(t *testing.T) {
	o := newOffice(t)
	cel := strings.Replace(string(policy.DefaultSource), "when: refunds_30d > 3", "when: refunds_30d >> 3", 1)
	unknown := strings.Replace(string(policy.DefaultSource), "when: refunds_30d > 3", "when: refunds_30d > 3 && 不存在 > no_such_fact", 1)
	for name, source := range map[string]string{
		"YAML": "policy: 1\nrules:\n  - id: [x\n", "CEL": cel, "fact": unknown, "empty": "", "tabs": "policy: 1\n\trules: 3\n",
		"begins with an empty line": "\n\n" + cel,
	} {
		for _, action := range []string{"check", "draft"} {
			p := o.ada.Post("/policies", url.Values{"source": {strings.ReplaceAll(source, "\n", "\r\n")}, "action": {action}, "from": {"1"}})
			require.Equal(t, http.StatusUnprocessableEntity, p.Status, name)
			assert.Empty(t, p.Flaws(), name)
			assert.Equal(t, source, p.Find("#source").Raw(), "%s: what was typed is kept", name)
			_, err := policy.Parse("", []byte(source))
			require.Error(t, err)
			where := texts(p, "#problems .where")
			require.NotEmpty(t, where, name)
			assert.Regexp(t, `^Line \d+, column \d+:$`, where[0], name)
			link := strings.TrimPrefix(p.Find("#problems a.where").Attr("href"), "#")
			assert.NotNil(t, p.Find("ol.source li#"+link+".marked"), "%s: the line is beneath", name)
		}
	}
	p := o.ada.Post("/policies", url.Values{"source": {cel}})
	quoted := p.Find("#problems .quoted").Raw()
	line, caret, _ := strings.Cut(quoted, "\n")
	assert.Contains(t, line, "refunds_30d >> 3")
	assert.Equal(t, ">", line[strings.Index(caret, "^"):][:1], "the caret is under what is wrong: %q", quoted)

	zh := o.ada.In("zh-Hans").Post("/policies", url.Values{"source": {cel}})
	assert.Empty(t, zh.Flaws())
	assert.Contains(t, zh.Find("#problems h2").Text(), "问题")
}

func TestASourceCannotLeaveItsField(t *testing.T) {
	o := newOffice(t)
	hostile := "</textarea><script>alert(1)</script>\npolicy: </code></li><img src=x>"
	p := o.ada.Post("/policies", url.Values{"source": {hostile}, "action": {"draft"}})
	require.Equal(t, http.StatusUnprocessableEntity, p.Status)
	assert.Empty(t, p.Flaws())
	assert.Equal(t, hostile, p.Find("#source").Raw())
	assert.NotContains(t, p.Body, "<script>alert")
	assert.NotContains(t, p.Body, "<img src=x>")
	assert.Contains(t, p.Body, html.EscapeString("<script>alert(1)</script>"))

	// One that another program kept is shown, too, and cannot be put in force.
	kept, err := o.Store.DraftPolicy(o.Ctx, ada, hostile, "sha256:x")
	require.NoError(t, err)
	p = o.sound("/policies/" + kept.Version)
	assert.Nil(t, p.Find("script[src=x]"))
	assert.NotContains(t, p.Body, "<img src=x>")
	assert.NotEmpty(t, p.All("#problems li"))
	assert.Nil(t, p.Find("#publish"))
	assert.Nil(t, p.Find("#backtest-form"))
}

func TestALongSourceIsKept(t *testing.T) {
	o := newOffice(t)
	long := string(policy.DefaultSource) + strings.Repeat("# Why this is so, in many words, as lawyers like it.\n", 6000)
	require.Greater(t, len(long), 300_000)
	p := o.ada.Post("/policies", url.Values{"source": {long + "nonsense"}, "action": {"check"}})
	require.Equal(t, http.StatusUnprocessableEntity, p.Status)
	assert.Equal(t, long+"nonsense", p.Find("#source").Raw())
	assert.Less(t, len(p.All("ol.source li")), 100, "only what is around the problem")
	_, path := o.drafted(long)
	assert.Equal(t, http.StatusOK, o.ada.Get(path).Status)
}

func TestAVersionIsComparedWithTheOneInForce(t *testing.T) {
	o := newOffice(t)
	_, path := o.drafted(stricter(t))
	p := o.sound(path)
	assert.Contains(t, texts(p, "#meaning tbody th code"), "limits.large_amount.USD")
	assert.Contains(t, p.Find("#meaning").Text(), "New rule")
	assert.Contains(t, p.Find("#meaning").Text(), "Removed rule")
	assert.Len(t, p.All("table.diff tr.added"), 2)
	assert.Len(t, p.All("table.diff tr.removed"), 2)
	assert.Equal(t, o.policyOf(path).Digest, p.Find("#digest").Text())

	p = o.sound("/policies/1")
	assert.Nil(t, p.Find("#meaning"), "it is the one in force")
	assert.Nil(t, p.Find("#publish"))
	p = o.ada.Get("/policies/1?against=" + strings.TrimPrefix(path, "/policies/"))
	assert.NotNil(t, p.Find("#meaning"))

	_, comment := o.drafted(string(policy.DefaultSource) + "# a comment\n")
	p = o.sound(comment)
	assert.NotNil(t, p.Find("#same"))
	assert.Len(t, p.All("table.diff tr.added"), 1)
}

// A version that is compared with an old one says so also when the old one is not among the
// newest, and the one in force can always be chosen.
func TestAnOldVersionIsComparedWith(t *testing.T) {
	o := newOffice(t)
	var last string
	for i := range 205 {
		v, err := o.Store.DraftPolicy(o.Ctx, ada, string(policy.DefaultSource)+fmt.Sprintf("# %d\n", i), "sha256:x")
		require.NoError(t, err)
		last = v.Version
	}
	chosen := func(path string) []string {
		var all []string
		for _, option := range o.sound(path).All("#against option") {
			if option.Has("selected") {
				all = append(all, option.Attr("value"))
			}
		}
		return all
	}
	assert.Equal(t, []string{"1"}, chosen("/policies/"+last), "the one in force")
	assert.Equal(t, []string{"3"}, chosen("/policies/"+last+"?against=3"))
	assert.Equal(t, []string{"200"}, chosen("/policies/"+last+"?against=200"))
	assert.Empty(t, chosen("/policies/3?against=3"), "nothing: with itself")
	options := o.ada.Get("/policies/" + last + "?against=3").All("#against option")
	assert.Equal(t, "1", options[len(options)-2].Attr("value"))
	assert.Less(t, len(options), 205)
	assert.Len(t, o.ada.Get("/policies/"+last+"?against=3").All("table.diff tr.added"), 1, "with its source")
}

func (o *office) policyOf(path string) desk.PolicyVersion {
	o.T.Helper()
	v, err := o.PolicyVersion(o.Ctx, strings.TrimPrefix(path, "/policies/"))
	require.NoError(o.T, err)
	return v
}

func TestAPolicyIsPutInForceAndRolledBack(t *testing.T) {
	o := newOffice(t)
	version, path := o.drafted(stricter(t))
	p := o.ada.Get(path)
	assert.True(t, p.Find("#confirm").Has("required"))

	refused := o.ada.Send(p, "#publish")
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status, "without the tick")
	assert.Empty(t, refused.Flaws())
	assert.NotEmpty(t, refused.Find("#confirm-problem").Text())
	assert.Equal(t, "1", o.inForce().Version)

	done := o.ada.Send(p, "#publish", "confirm", "yes")
	require.Equal(t, http.StatusSeeOther, done.Status)
	assert.NotEmpty(t, o.ada.Get(done.Location).Find("#said p").Text())
	assert.Equal(t, version, o.inForce().Version)

	_, other := o.drafted(stricter(t) + "# third\n")
	stale := o.ada.Get(other)
	back := o.sound("/policies/1")
	assert.Contains(t, back.Find("#publishing h2").Text(), "Roll back")
	require.Equal(t, http.StatusSeeOther, o.ada.Send(back, "#publish", "confirm", "yes").Status)
	assert.Equal(t, "1", o.inForce().Version)

	late := o.ada.Send(stale, "#publish", "confirm", "yes")
	assert.Equal(t, http.StatusConflict, late.Status, "another version is in force than the one compared with")
	assert.NotNil(t, late.Find("#publishing .trouble"))
	assert.Equal(t, "1", o.inForce().Version)
	assert.Equal(t, http.StatusSeeOther, o.ada.Send(late, "#publish", "confirm", "yes").Status, "looked again")
}

// backtested presses the button of the page. A browser keeps what is after # to itself.
func (o *office) backtested(b *pagetest.Browser, path string) *pagetest.Answer {
	o.T.Helper()
	action, place, _ := strings.Cut(b.Get(path).Find("#backtest-form").Attr("action"), "#")
	p := b.Post(action, nil)
	assert.NotNil(o.T, p.Find("#"+place), "what comes back is scrolled to")
	return p
}

func TestABacktestIsDrawn(t *testing.T) {
	o := newOffice(t)
	bad := o.judged("bad", 2000, refund.InReview)
	o.Decide(bad.ID, storetest.Reviewer, review.Reject)
	o.judged("base", 500, refund.Crediting)
	small := o.judged("small", 10, refund.Crediting)
	good := o.judged("good", 3000, refund.InReview)
	o.Decide(good.ID, storetest.Senior, review.Approve)
	lenient := strings.ReplaceAll(string(policy.DefaultSource), `large_amount: {USD: "1000"`, `large_amount: {USD: "2500"`)

	_, path := o.drafted(stricter(t))
	for _, locale := range []string{"zh-Hans", "en"} {
		p := o.backtested(o.ada.In(locale), path)
		require.Equal(t, http.StatusOK, p.Status)
		assert.Empty(t, p.Flaws())
		assert.Equal(t, "4", p.Find("#figure-cases dd").Text())
		assert.Equal(t, "2", p.Find("#figure-changed dd").Text())
		require.Len(t, p.All("#changes tbody tr"), 1)
		assert.Contains(t, texts(p, "#changes code"), small.ID)
		assert.NotNil(t, p.Find("#report figure svg"))
		assert.Contains(t, texts(p, "#disturbed code"), good.ID)
		assert.Nil(t, p.Find("#missed ul"))
	}
	_, path = o.drafted(lenient)
	p := o.backtested(o.ada, path)
	assert.Contains(t, texts(p, "#missed code"), bad.ID)
	assert.True(t, p.Find("#backtest-form").Has("data-busy"))
}

func TestABacktestOfNothingSaysSo(t *testing.T) {
	o := newOffice(t)
	p := o.backtested(o.ada, "/policies/1")
	require.Equal(t, http.StatusOK, p.Status)
	assert.Empty(t, p.Flaws())
	assert.NotNil(t, p.Find("#report .empty-first"))
	o.judged("p", 10, refund.Crediting)
	p = o.backtested(o.ada, "/policies/1")
	assert.NotNil(t, p.Find("#unchanged"))
	assert.Nil(t, p.Find("#changes"))
}
