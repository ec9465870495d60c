package review_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/review"
)

var twoDays = review.SLA{
	Calendar: review.Calendar{Name: "office", Zone: "UTC", Opens: 9 * 60, Closes: 18 * 60, Weekend: []time.Weekday{time.Saturday, time.Sunday}},
	Decision: 18 * time.Hour, FirstResponse: 8 * time.Hour, AnswerWithin: 7 * 24 * time.Hour, RemindAfter: 3 * 24 * time.Hour,
}

func on(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) // 2 November 2026 is a Monday
}

func TestClock(t *testing.T) {
	c := twoDays.Start(on(2, 9, 0))
	assert.Equal(t, on(3, 18, 0), twoDays.Due(c, on(2, 9, 0)))
	assert.Equal(t, on(2, 18, 0), twoDays.Reaches(c, review.Half))
	assert.Equal(t, on(3, 14, 24), twoDays.Reaches(c, review.Late))
	assert.Equal(t, on(3, 18, 0), twoDays.Reaches(c, review.Overdue))

	for at, want := range map[time.Time]review.Urgency{
		on(2, 9, 0): review.OnTime, on(2, 17, 59): review.OnTime, on(2, 18, 0): review.Half, on(3, 14, 23): review.Half,
		on(3, 14, 24): review.Late, on(3, 17, 59): review.Late, on(3, 18, 0): review.Overdue, on(30, 0, 0): review.Overdue,
	} {
		assert.Equal(t, want, twoDays.UrgencyAt(c, at), at)
	}
	assert.Equal(t, on(2, 18, 0), twoDays.NextAfter(c, review.OnTime))
	assert.Equal(t, on(3, 14, 24), twoDays.NextAfter(c, review.Half))
	assert.Equal(t, on(3, 18, 0), twoDays.NextAfter(c, review.Late))
	assert.Zero(t, twoDays.NextAfter(c, review.Overdue))

	// The customer is asked on Monday at noon and answers on Thursday at ten.
	stopped := twoDays.Stop(c, on(2, 12, 0))
	assert.Equal(t, review.Clock{Left: 15 * time.Hour}, stopped)
	assert.Equal(t, stopped, twoDays.Stop(stopped, on(3, 12, 0)), "it stands still already")
	assert.Zero(t, twoDays.Reaches(stopped, review.Half))
	assert.Zero(t, twoDays.NextAfter(stopped, review.OnTime))
	assert.Equal(t, review.OnTime, twoDays.UrgencyAt(stopped, on(30, 0, 0)), "what stands still grows no more urgent")
	resumed := twoDays.Resume(stopped, on(5, 10, 0))
	assert.Equal(t, resumed, twoDays.Resume(resumed, on(6, 10, 0)), "it runs already")
	assert.Equal(t, on(5, 16, 0), twoDays.Reaches(resumed, review.Half))
	assert.Equal(t, on(6, 16, 0), twoDays.Due(resumed, on(6, 0, 0)))

	// What was overdue when it stopped stays so.
	late := twoDays.Resume(twoDays.Stop(c, on(4, 12, 0)), on(9, 12, 0))
	assert.Equal(t, on(9, 12, 0), twoDays.Due(late, on(9, 12, 0)))
	assert.Equal(t, review.Overdue, twoDays.UrgencyAt(late, on(9, 12, 0)))
	assert.Equal(t, on(9, 12, 0), twoDays.NextAfter(late, review.OnTime), "the reminders that it ran past are due at once")
}

// However often a clock is stopped and resumed, the time that it ran is the time that the
// desk worked meanwhile.
func TestStopAndResumeNeitherGainNorLose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := drawCalendar(t)
		sla := review.SLA{Calendar: c, Decision: time.Duration(rapid.IntRange(1, 200*60).Draw(t, "decision")) * time.Minute}
		clock := sla.Start(now)
		var ran time.Duration
		for i := range rapid.IntRange(0, 12).Draw(t, "steps") {
			next := now.Add(time.Duration(rapid.Int64Range(0, int64(20*time.Hour)).Draw(t, "step")))
			if i%2 == 0 {
				ran += c.Between(now, next)
				clock = sla.Stop(clock, next)
				if clock.Left != sla.Decision-ran {
					t.Fatalf("left %s of %s after %s", clock.Left, sla.Decision, ran)
				}
			} else {
				clock = sla.Resume(clock, next)
			}
			now = next
		}
		clock = sla.Resume(clock, now)
		due := sla.Due(clock, now)
		if got := ran + c.Between(now, due); ran < sla.Decision && got != sla.Decision {
			t.Fatalf("due after %s of work, and %s was promised", got, sla.Decision)
		}
		if ran >= sla.Decision && due.After(now) {
			t.Fatalf("overdue since long, and due only at %s", due)
		}
	})
}

func TestUrgencyOnlyGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := drawCalendar(t)
		sla := review.SLA{Calendar: c, Decision: time.Duration(rapid.IntRange(1, 50*60).Draw(t, "decision")) * time.Minute}
		clock := sla.Start(now)
		last := review.OnTime
		for _, u := range []review.Urgency{review.Half, review.Late, review.Overdue} {
			at := sla.NextAfter(clock, last)
			if !at.Equal(sla.Reaches(clock, u)) || sla.UrgencyAt(clock, at) < u || at.After(sla.Due(clock, now)) {
				t.Fatalf("%d %% is reached at %s, of a time until %s", u, at, sla.Due(clock, now))
			}
			if before := sla.UrgencyAt(clock, at.Add(-1)); before >= u {
				t.Fatalf("%d %% already a moment before", u)
			}
			last = u
		}
	})
}

// The names are in the database: an old ticket is read by every later program.
func TestClockAndSLAAreKeptAsTheyAre(t *testing.T) {
	sla := twoDays
	sla.Calendar.Holidays, sla.Calendar.Workdays = []review.Date{"2026-12-25"}, []review.Date{"2026-12-26"}
	text, err := json.Marshal(struct {
		SLA   review.SLA
		Clock review.Clock
	}{sla, sla.Start(on(2, 9, 0))})
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"SLA": {
			"calendar": {"name": "office", "zone": "UTC", "opens": 540, "closes": 1080, "weekend": [6, 0], "holidays": ["2026-12-25"], "workdays": ["2026-12-26"]},
			"first_response": 28800000000000, "decision": 64800000000000, "answer_within": 604800000000000, "remind_after": 259200000000000
		},
		"Clock": {"left": 64800000000000, "since": "2026-11-02T09:00:00Z"}
	}`, string(text))
}
