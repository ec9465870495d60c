// Package pace holds each caller to so many requests a second.
package pace

import (
	"container/list"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostSubjects is how many callers are remembered; past it the one that was away longest
// starts afresh.
const mostSubjects = 10_000

// Limits is one rate limiter a subject.
type Limits struct {
	rate  rate.Limit
	burst int
	most  int
	now   func() time.Time

	mu       sync.Mutex
	bySubj   map[string]*list.Element
	lastSeen *list.List // of *limit, most recent in front
}

type limit struct {
	subject string
	limiter *rate.Limiter
}

// New allows perSecond requests a second and twice as many at once; 0 is no limit.
func New(perSecond float64, now func() time.Time) *Limits {
	return &Limits{
		rate:     rate.Limit(perSecond),
		burst:    max(1, int(math.Ceil(2*perSecond))),
		most:     mostSubjects,
		now:      now,
		bySubj:   map[string]*list.Element{},
		lastSeen: list.New(),
	}
}

// Take counts one request of the subject and returns how long it has to wait before it
// may be made; zero: not at all. A refused request does not count.
func (l *Limits) Take(subject string) time.Duration {
	if l.rate == 0 {
		return 0
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	element, ok := l.bySubj[subject]
	if ok {
		l.lastSeen.MoveToFront(element)
	} else {
		if l.lastSeen.Len() >= l.most {
			oldest := l.lastSeen.Back()
			delete(l.bySubj, l.lastSeen.Remove(oldest).(*limit).subject)
		}
		element = l.lastSeen.PushFront(&limit{subject: subject, limiter: rate.NewLimiter(l.rate, l.burst)})
		l.bySubj[subject] = element
	}
	reservation := element.Value.(*limit).limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}
