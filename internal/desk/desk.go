package desk

import (
	"log/slog"
	"sync"
	"time"
)

// Desk carries out what people and programs ask for. Every method checks first whether the
// actor may, and answers not-found for what is not his to know of. A command that is refused
// leaves an audit entry.
type Desk struct {
	records  Records
	engine   Engine
	watch    Watch
	policies Policies
	now      func() time.Time
	drain    time.Duration
	log      *slog.Logger

	backtesting sync.Mutex // held while a backtest runs
}

// Options set a desk up. Now and Log may be nil. Drain is the records' own: how long usage from
// before a request is still taken.
type Options struct {
	Records  Records
	Engine   Engine
	Watch    Watch
	Policies Policies
	Now      func() time.Time
	Drain    time.Duration
	Log      *slog.Logger
}

// New makes a desk.
func New(o Options) *Desk {
	d := &Desk{records: o.Records, engine: o.Engine, watch: o.Watch, policies: o.Policies, now: o.Now, drain: o.Drain, log: o.Log}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d
}

// commandPatience is how long a command for a workflow is worth carrying out: its sender
// has stopped waiting by then, and the workflow refuses it.
const commandPatience = 15 * time.Second
