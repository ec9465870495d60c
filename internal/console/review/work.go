package review

import (
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/review"
)

// deed is something that a reviewer does on a case; done is the word of what was done.
type deed func(c *page.Context, ticketID string, f *page.Form) (done string, err error)

// works are what can be done on a case beside deciding it, by the last part of the path.
var works = map[string]deed{
	"claim": func(c *page.Context, id string, _ *page.Form) (string, error) {
		_, err := c.Desk.Claim(c.Ctx(), c.Actor, id)
		return "review-claimed", err
	},
	"release": func(c *page.Context, id string, _ *page.Form) (string, error) {
		_, err := c.Desk.Release(c.Ctx(), c.Actor, id)
		return "review-released", err
	},
	"assign": func(c *page.Context, id string, f *page.Form) (string, error) {
		_, err := c.Desk.Assign(c.Ctx(), c.Actor, id, f.Get("assignee"))
		return "review-assigned", err
	},
	"snooze": snooze,
	"request-information": func(c *page.Context, id string, f *page.Form) (string, error) {
		_, err := c.Desk.RequestInformation(c.Ctx(), c.Actor, id, f.Get("body"))
		return "review-asked", err
	},
	"escalate": func(c *page.Context, id string, f *page.Form) (string, error) {
		_, err := c.Desk.Escalate(c.Ctx(), c.Actor, id, f.Get("reason"))
		return "review-escalated", err
	},
	"messages": say,
	"resolve": func(c *page.Context, id string, _ *page.Form) (string, error) {
		_, err := c.Desk.Resolve(c.Ctx(), c.Actor, id)
		return "review-resolved", err
	},
}

// work serves one of the works.
func (p *pages) work(what string, do deed) page.Handler {
	return func(c *page.Context) error {
		form, err := c.Form()
		if err != nil {
			return err
		}
		ticketID, l := c.Param("ticket"), listFrom(c.Query("view"))
		onward, err := onward(c, l, ticketID)
		if err != nil {
			return err
		}
		done, err := do(c, ticketID, form)
		if err != nil {
			return p.again(c, l, formOf(what, form), err)
		}
		return c.See(onward, done)
	}
}

// formOf names the form that was sent: the words for the customer can be said or asked.
func formOf(what string, f *page.Form) string {
	if what == "request-information" || what == "messages" && f.Get("visibility") == string(review.Public) {
		return "public"
	}
	return what
}

func say(c *page.Context, id string, f *page.Form) (string, error) {
	m, err := c.Desk.SayOnce(c.Ctx(), c.Actor, id, review.Visibility(f.Get("visibility")), f.Get("body"), f.SentKey())
	if m.Visibility == review.Public {
		return "review-sent", err
	}
	return "review-noted", err
}

// The times that a case can be snoozed for by one button.
const (
	snoozeHour     = "1h"
	snoozeFour     = "4h"
	snoozeTomorrow = "tomorrow"
	snoozeMonday   = "monday"
	snoozeEnd      = "end"
)

var snoozes = []string{snoozeHour, snoozeFour, snoozeTomorrow, snoozeMonday}

// localTime is how browsers send a date with a time.
const localTime = "2006-01-02T15:04"

// snooze hides the case until a time of one's choice, in UTC, or of one of the buttons.
func snooze(c *page.Context, id string, f *page.Form) (string, error) {
	done := "review-snoozed"
	until := time.Time{}
	switch preset := f.Get("preset"); {
	case preset == snoozeEnd:
		done = "review-woken"
	case preset != "":
		v, err := c.Desk.Ticket(c.Ctx(), c.Actor, id)
		if err != nil {
			return "", c.Refused(err)
		}
		until = presetTime(preset, c.Now, v.Ticket.SLA.Calendar)
	default:
		var err error
		for _, layout := range []string{localTime, localTime + ":05", time.RFC3339} {
			if until, err = time.Parse(layout, f.Get("until")); err == nil {
				break
			}
		}
		if err != nil {
			return "", c.Refused(untilIs)
		}
	}
	if until.IsZero() && done == "review-snoozed" {
		return "", c.Refused(untilIs)
	}
	_, err := c.Desk.Snooze(c.Ctx(), c.Actor, id, until)
	return done, err
}

// untilIs refuses what is no time, as the desk refuses one too far away.
var untilIs = fault.InvalidField("until", "is in the future, at most %d days away", int(desk.MostSnooze/(24*time.Hour)))

// presetTime is when a button's snooze ends; zero for no button of ours. Mornings are those
// of the calendar that the case is worked by.
func presetTime(preset string, now time.Time, calendar review.Calendar) time.Time {
	zone, err := time.LoadLocation(calendar.Zone)
	if err != nil {
		zone = time.UTC
	}
	local := now.In(zone)
	morning := func(days int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()+days, 9, 0, 0, 0, zone).UTC()
	}
	switch preset {
	case snoozeHour:
		return now.Add(time.Hour)
	case snoozeFour:
		return now.Add(4 * time.Hour)
	case snoozeTomorrow:
		return morning(1)
	case snoozeMonday:
		return morning((7+int(time.Monday)-int(local.Weekday())-1)%7 + 1)
	}
	return time.Time{}
}
