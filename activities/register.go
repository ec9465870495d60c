package activities

import (
	"go.temporal.io/sdk/activity"

	"refunddesk/workflows"
)

// Ports are the neighbours that the activities work on; all are needed.
type Ports struct {
	Refunds   Refunds
	Policies  Policies
	Questions Questions
	Notices   Notices
	Mailer    Mailer
	Sweeper   Sweeper
}

// Registry takes activities: a worker, or the SDK's test environment.
type Registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// Register makes every activity known under the name that workflows call it by.
func Register(to Registry, p Ports) {
	steps := RefundSteps{Refunds: p.Refunds, Policies: p.Policies}
	questions := QuestionSteps{Questions: p.Questions}
	notification := Notification{Notices: p.Notices, Mailer: p.Mailer}
	housekeeping := Housekeeping{Sweeper: p.Sweeper}
	add := func(name string, run any) {
		to.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: name})
	}
	add(workflows.ActivityScreen, steps.Screen)
	add(workflows.ActivityReassess, steps.Reassess)
	add(workflows.ActivityRecordDecision, steps.RecordDecision)
	add(workflows.ActivityRequestInformation, steps.RequestInformation)
	add(workflows.ActivityWithdraw, steps.Withdraw)
	add(workflows.ActivityCredit, steps.Credit)
	add(workflows.ActivityPark, steps.Park)
	add(workflows.ActivityRetry, steps.Retry)
	add(workflows.ActivityTickQuestion, questions.TickQuestion)
	add(workflows.ActivityNotify, notification.Notify)
	add(workflows.ActivityBuryNotice, notification.BuryNotice)
	add(workflows.ActivitySweep, housekeeping.Sweep)
}
