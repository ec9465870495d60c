package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
)

// versions are what the list of policies shows.
type versions struct {
	desk.Page[desk.PolicyVersion]
	InForce desk.PolicyVersion
}

func policies(c *page.Context) error {
	var list versions
	var err error
	if list.Page, err = c.Desk.PolicyVersions(c.Ctx(), c.Actor, desk.Paging{Cursor: c.Query("cursor")}); err != nil {
		return err
	}
	if list.InForce, err = c.Desk.PolicyInForce(c.Ctx(), c.Actor); err != nil {
		return err
	}
	return c.Show(c.T("admin.policies.title"), policiesPage(c.View, list))
}

// draft is a policy that is being written.
type draft struct {
	Form   *page.Form
	From   string // the version that it began as
	Source string
	Digest string // of a source that was checked and compiles
}

func newPolicy(c *page.Context) error {
	var begun desk.PolicyVersion
	var err error
	if from := c.Query("from"); from != "" {
		begun, err = c.Desk.Policy(c.Ctx(), c.Actor, from)
	} else {
		begun, err = c.Desk.PolicyInForce(c.Ctx(), c.Actor)
	}
	if err != nil {
		return err
	}
	return c.Show(c.T("admin.editor.title"), editorPage(c.View, draft{From: begun.Version, Source: begun.Source}))
}

// sourceOf is the source as it was typed: browsers send CRLF for the line breaks of a text
// area, and blanks at its beginning and end are the writer's.
func sourceOf(f *page.Form) string { return strings.ReplaceAll(f.Values.Get("source"), "\r\n", "\n") }

// writePolicy checks what was typed, or keeps it as a draft.
func writePolicy(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	d := draft{From: form.Get("from"), Source: sourceOf(form)}
	if form.Get("action") == "draft" {
		var made desk.PolicyVersion
		if made, err = c.Desk.DraftPolicy(c.Ctx(), c.Actor, d.Source); err == nil {
			return c.See(page.PolicyPath(made.Version), "policy-drafted")
		}
	} else if d.Digest, err = c.Desk.CheckPolicy(c.Ctx(), c.Actor, d.Source); err == nil {
		return c.Show(c.T("admin.editor.title"), editorPage(c.View, d))
	}
	return c.Again(err, c.T("admin.editor.title"), func(f *page.Form) templ.Component {
		d.Form = f
		return editorPage(c.View, d)
	})
}

// version is what the page of a version shows.
type version struct {
	desk.PolicyVersion
	InForce desk.PolicyVersion
	Against desk.PolicyVersion   // the one that it is compared with
	Others  []desk.PolicyVersion // that it can be compared with, without their sources
	Diff    *policy.Diff         // nil where one of the two does not compile
	Broken  *fault.Error         // why this one does not compile
	Report  *policy.Report
	Tested  *page.Form // why it was not replayed
	Form    *page.Form // of publishing
}

// Same reports whether it is compared with itself.
func (p version) Same() bool { return p.Version == p.Against.Version }

// Earlier reports whether it was in force before: to publish it is to roll back.
func (p version) Earlier() bool { return p.State == desk.PolicySuperseded }

// versionOf reads a version and compares it with the one that the URL names, or with the one
// in force.
func versionOf(c *page.Context) (version, error) {
	var p version
	var err error
	if p.PolicyVersion, err = c.Desk.Policy(c.Ctx(), c.Actor, c.Param("version")); err != nil {
		return p, err
	}
	if p.InForce, err = c.Desk.PolicyInForce(c.Ctx(), c.Actor); err != nil {
		return p, err
	}
	p.Against = p.InForce
	if against := c.Query("against"); against != "" {
		if p.Against, err = c.Desk.Policy(c.Ctx(), c.Actor, against); err != nil {
			return p, err
		}
	}
	list, err := c.Desk.PolicyVersions(c.Ctx(), c.Actor, desk.Paging{Limit: mostOthers})
	if err != nil {
		return p, err
	}
	p.Others = othersOf(p, list.Items)
	return p, p.compare(c)
}

// mostOthers is how many versions a version's page offers to compare it with, the newest; any
// other can be named in the URL.
const mostOthers = 200

// othersOf are the newest versions, the one in force and the one that it is compared with,
// without itself.
func othersOf(p version, newest []desk.PolicyVersion) []desk.PolicyVersion {
	var others []desk.PolicyVersion
	for _, o := range slices.Concat(newest, []desk.PolicyVersion{p.InForce, p.Against}) {
		known := func(other desk.PolicyVersion) bool { return other.Version == o.Version }
		if !known(p.PolicyVersion) && !slices.ContainsFunc(others, known) {
			others = append(others, o)
		}
	}
	return others
}

// compare works out what differs. A version that does not compile is told so and shown.
func (p *version) compare(c *page.Context) error {
	if _, err := c.Desk.CheckPolicy(c.Ctx(), c.Actor, p.Source); err != nil {
		p.Broken = fault.From(err)
		if p.Broken.Code != policy.CodeInvalid {
			return err
		}
		return nil
	}
	if p.Same() {
		return nil
	}
	diff, err := c.Desk.DiffPolicy(c.Ctx(), c.Actor, p.Version, p.Against.Version)
	if err == nil {
		p.Diff = &diff
		return nil
	}
	if fault.CodeOf(err) == policy.CodeInvalid { // the other one; their lines can still be compared
		return nil
	}
	return err
}

func showPolicy(c *page.Context) error {
	p, err := versionOf(c)
	if err != nil {
		return err
	}
	return c.Show(c.T("admin.policy.title", "Version", p.Version), policyPage(c.View, p))
}

// backtest replays the version over past requests and shows its page with what came out.
func backtest(c *page.Context) error {
	report, err := c.Desk.Backtest(c.Ctx(), c.Actor, c.Param("version"))
	p, readErr := versionOf(c)
	if readErr != nil {
		return readErr // it changes nothing: whatever came of it can be asked for again
	}
	title := c.T("admin.policy.title", "Version", p.Version)
	if err != nil {
		return c.Again(err, title, func(f *page.Form) templ.Component {
			p.Tested = f
			return policyPage(c.View, p)
		})
	}
	p.Report = &report
	return c.ShowAs(http.StatusOK, title, policyPage(c.View, p))
}

// publish puts the version in force when whoever does saw what changes by it, and says so.
func publish(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	p, err := versionOf(c)
	if err != nil {
		return c.Refused(err)
	}
	if form.Get("confirm") == "" {
		err = c.Refused(fault.InvalidField("confirm", "is ticked by whoever read what changes"))
	} else {
		_, err = c.Desk.ReplacePolicy(c.Ctx(), c.Actor, p.Version, cmp.Or(form.Get("in_force"), "none"))
	}
	if err == nil {
		done := "policy-published"
		if p.Earlier() {
			done = "policy-rolled-back"
		}
		return c.See(page.PolicyPath(p.Version), done)
	}
	return c.Again(err, c.T("admin.policy.title", "Version", p.Version), func(f *page.Form) templ.Component {
		p.Form = f
		return policyPage(c.View, p)
	})
}
