package review

import "time"

// SLA is what a queue promises, in the working time of its calendar. A ticket keeps the
// one that it was opened under.
type SLA struct {
	Calendar      Calendar      `json:"calendar"`
	FirstResponse time.Duration `json:"first_response"` // working time until the first word to the customer
	Decision      time.Duration `json:"decision"`       // working time until the decision or answer
	AnswerWithin  time.Duration `json:"answer_within"`  // plain time that a customer has to answer what he is asked
	RemindAfter   time.Duration `json:"remind_after"`   // plain time after which he is reminded
}

// Clock is the running time of a ticket: how much working time is left, and since when it
// runs. It stands still while the customer moves next and while the refund is on hold.
type Clock struct {
	Left  time.Duration `json:"left"`  // working time left at Since
	Since time.Time     `json:"since"` // UTC; zero while it stands still
}

// Start begins a clock with all of the SLA's time.
func (s SLA) Start(now time.Time) Clock { return Clock{Left: s.Decision, Since: now} }

// Stop keeps what is left at now; stopping a clock that stands still changes nothing.
func (s SLA) Stop(c Clock, now time.Time) Clock {
	if c.Since.IsZero() {
		return c
	}
	return Clock{Left: c.Left - s.Calendar.Between(c.Since, now)}
}

// Resume lets a clock go on at now; resuming one that runs changes nothing.
func (s SLA) Resume(c Clock, now time.Time) Clock {
	if !c.Since.IsZero() {
		return c
	}
	return Clock{Left: c.Left, Since: now}
}

// Due is when the time of a running clock is over. A clock that stands still is due at its
// time left from now, would it go on at once.
func (s SLA) Due(c Clock, now time.Time) time.Time {
	from := c.Since
	if from.IsZero() {
		from = now
	}
	return s.Calendar.Add(from, max(0, c.Left))
}

// Reaches is when a running clock has used the share of its time that u stands for, or the
// zero time while it stands still. One that had used more already reached it at Since.
func (s SLA) Reaches(c Clock, u Urgency) time.Time {
	if c.Since.IsZero() {
		return time.Time{}
	}
	unused := s.Decision - s.Decision*time.Duration(u)/100 // what is left when u is reached
	return s.Calendar.Add(c.Since, max(0, c.Left-unused))
}

// UrgencyAt is how urgent a running clock is at now.
func (s SLA) UrgencyAt(c Clock, now time.Time) Urgency {
	reached := OnTime
	for _, u := range []Urgency{Half, Late, Overdue} {
		if at := s.Reaches(c, u); !at.IsZero() && !now.Before(at) {
			reached = u
		}
	}
	return reached
}

// NextAfter is when a running clock reaches the next urgency after u; zero when there is
// none or while it stands still.
func (s SLA) NextAfter(c Clock, u Urgency) time.Time {
	for _, next := range []Urgency{Half, Late, Overdue} {
		if next > u {
			return s.Reaches(c, next)
		}
	}
	return time.Time{}
}
