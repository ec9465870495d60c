package api

import (
	"container/list"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxSubjects is how many callers are remembered; past it the one that was away longest
// starts afresh.
const maxSubjects = 10_000

// limits is one rate limiter a subject.
type limits struct {
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

// newLimits allows perSecond requests a second and twice as many at once; 0 is no limit.
func newLimits(perSecond float64, most int, now func() time.Time) *limits {
	return &limits{
		rate:     rate.Limit(perSecond),
		burst:    max(1, int(math.Ceil(2*perSecond))),
		most:     most,
		now:      now,
		bySubj:   map[string]*list.Element{},
		lastSeen: list.New(),
	}
}

// take counts one request of the subject and returns how long it has to wait before it
// may be made; zero: not at all. A refused request does not count.
func (l *limits) take(subject string) time.Duration {
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
