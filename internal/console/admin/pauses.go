package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

// pauseList are the pauses in force and those that are over, and the form of a new one.
type pauseList struct {
	InForce []held
	Past    desk.Page[desk.Pause]
	Form    *page.Form
}

// held is a pause with what is open in its scope.
type held struct {
	desk.Pause
	Effect desk.PauseEffect
}

// waiting is how many refunds are on hold in the scope, whatever holds them.
func (h held) waiting() int64 {
	for _, s := range h.Effect.States {
		if s.State == refund.OnHold {
			return s.Count
		}
	}
	return 0
}

func pausesOf(c *page.Context) (pauseList, error) {
	var list pauseList
	inForce, err := c.Desk.Pauses(c.Ctx(), c.Actor, true, desk.Paging{Limit: 200})
	if err != nil {
		return list, err
	}
	for _, p := range inForce.Items {
		effect, err := c.Desk.PauseEffect(c.Ctx(), c.Actor, p.Scope, p.Target)
		if err != nil {
			return list, err
		}
		list.InForce = append(list.InForce, held{p, effect})
	}
	all, err := c.Desk.Pauses(c.Ctx(), c.Actor, false, desk.Paging{Cursor: c.Query("cursor")})
	if err != nil {
		return list, err
	}
	list.Past.Next = all.Next
	for _, p := range all.Items {
		if !p.InForce(c.Now) {
			list.Past.Items = append(list.Past.Items, p)
		}
	}
	return list, nil
}

func pauses(c *page.Context) error {
	list, err := pausesOf(c)
	if err != nil {
		return err
	}
	return c.Show(c.T("admin.pauses.title"), pausesPage(c.View, list))
}

// preview is a pause before it begins, with what it would do.
type preview struct {
	desk.Pause
	Effect desk.PauseEffect
	Digest string
	Unseen bool // somebody tried to begin it without having seen this
}

// moments are the ways in which a moment can be written: as a browser's field does, in UTC,
// or with its zone.
var moments = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339}

func momentOf(text string) (time.Time, error) {
	for _, layout := range moments {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t.UTC().Truncate(time.Minute), nil
		}
	}
	return time.Time{}, fault.InvalidField("expires_at", "is a time, such as 2026-01-31T18:00")
}

// previewOf reads the form of a pause and works out what it would do.
func previewOf(c *page.Context) (preview, error) {
	form, err := c.Form()
	if err != nil {
		return preview{}, err
	}
	p := desk.Pause{Scope: desk.PauseScope(form.Get("scope")), Target: form.Get("target"), Reason: form.Get("reason")}
	if p.ExpiresAt, err = momentOf(form.Get("expires_at")); err != nil {
		return preview{}, err
	}
	if err := desk.ValidatePause(p, c.Now); err != nil {
		return preview{}, err
	}
	effect, err := c.Desk.PauseEffect(c.Ctx(), c.Actor, p.Scope, p.Target)
	return preview{Pause: p, Effect: effect, Digest: digestOf(p)}, err
}

// digestOf stands for the pause whose effect somebody was shown. The numbers are not part of
// it: they change all the time, and a pause that is needed now must not wait until they rest.
func digestOf(p desk.Pause) string {
	raw, _ := json.Marshal([]string{string(p.Scope), p.Target, p.Reason, p.ExpiresAt.Format(time.RFC3339)}) // strings always can be
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func previewPause(c *page.Context) error {
	p, err := previewOf(c)
	if err != nil {
		return pauseAgain(c, err)
	}
	return c.Show(c.T("admin.pause.preview"), previewPage(c.View, p))
}

// errUnseen refuses a pause whose effect nobody was shown; the page shows it then.
var errUnseen = fault.New(fault.Conflict, "pause-unseen", "What the pause would hold was not shown before.")

// pause begins a pause whose effect was shown; of any other it shows the effect first.
func pause(c *page.Context) error {
	p, err := previewOf(c)
	if err != nil {
		return pauseAgain(c, c.Refused(err))
	}
	form, err := c.Form()
	if err != nil {
		return err
	}
	if form.Get("effect") != p.Digest {
		p.Unseen = true
		_ = c.Refused(errUnseen)
		return c.ShowAs(page.StatusOf(fault.Conflict), c.T("admin.pause.preview"), previewPage(c.View, p))
	}
	if _, err := c.Desk.Pause(c.Ctx(), c.Actor, p.Pause); err != nil {
		return pauseAgain(c, err)
	}
	return c.See("/pauses", "pause-begun")
}

func pauseAgain(c *page.Context, err error) error {
	list, readErr := pausesOf(c)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, c.T("admin.pauses.title"), func(f *page.Form) templ.Component {
		list.Form = f
		return pausesPage(c.View, list)
	})
}

func endPause(c *page.Context) error {
	if _, err := c.Desk.EndPause(c.Ctx(), c.Actor, c.Param("id")); err != nil {
		return err
	}
	return c.See("/pauses", "pause-ended")
}

func scopeOptions(v *page.View) []page.Option {
	options := []page.Option{{Value: "", Label: v.T("admin.choose")}}
	for _, s := range []desk.PauseScope{desk.PauseAccount, desk.PauseProduct, desk.PauseAll} {
		options = append(options, page.Option{Value: string(s), Label: v.Code("pause.scope", string(s))})
	}
	return options
}

// fieldMoment is a moment as a browser's field takes it, in UTC.
func fieldMoment(t time.Time) string { return t.UTC().Format(moments[0]) }

// targetName is what a pause is of, in words.
func targetName(v *page.View, p desk.Pause) string {
	if p.Scope == desk.PauseProduct {
		return v.Code("product", p.Target)
	}
	return v.Code("pause.scope", string(p.Scope))
}
