package audit_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/workflows"
)

// told is an event with its details, and with the sentence of the engine's side that is not to be read.
func (o *office) told(kind string, d desk.EventDetails) desk.Event {
	o.T.Helper()
	return desk.Event{ID: int64(len(o.Engine.Events) + 1), At: o.Clock.Now(), RunID: "run-1", Type: kind, Summary: "plain English", EventDetails: d}
}

// Whoever reads Chinese reads what the workflow did in Chinese, and the engine's own names beside it as code: they are
// what one searches its logs for.
func TestWorkflowEventsAreInTheReadersLanguage(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	local := func(d desk.EventDetails) desk.EventDetails { d.Marker = desk.MarkerLocalActivity; return d }
	list := []struct {
		kind    string
		details desk.EventDetails
		en, zh  string
		codes   string
	}{
		{"WorkflowExecutionStarted", desk.EventDetails{Subject: "Refund"}, "Workflow started", "工作流启动", "WorkflowExecutionStarted Refund"},
		{"WorkflowExecutionStarted", desk.EventDetails{Subject: "Refund", Continued: true}, "Workflow goes on in a new run", "工作流在新的运行中继续", "WorkflowExecutionStarted Refund"},
		{"WorkflowTaskScheduled", desk.EventDetails{}, "Workflow task scheduled", "工作流任务已排定", "WorkflowTaskScheduled"},
		{"WorkflowTaskStarted", desk.EventDetails{}, "Workflow task started", "工作流任务开始", "WorkflowTaskStarted"},
		{"WorkflowTaskCompleted", desk.EventDetails{}, "Workflow task completed", "工作流任务完成", "WorkflowTaskCompleted"},
		{"WorkflowTaskTimedOut", desk.EventDetails{}, "Workflow task timed out", "工作流任务超时", "WorkflowTaskTimedOut"},
		{"MarkerRecorded", desk.EventDetails{Marker: desk.MarkerVersion, Subject: "refund", Version: 1}, "Version 1 of the workflow’s code noted", "记录工作流代码版本：1", "MarkerRecorded Version refund"},
		{"MarkerRecorded", local(desk.EventDetails{Subject: "Screen", State: "in_review"}), "Screening: done → In review", "筛查：完成 → 人工审核中", "MarkerRecorded LocalActivity Screen"},
		{"MarkerRecorded", local(desk.EventDetails{Subject: "Reassess", Failure: desk.TimedOut}), "Another look at the facts: timed out", "重新评估：超时", "MarkerRecorded LocalActivity Reassess"},
		{"UpsertWorkflowSearchAttributes", desk.EventDetails{}, "Search attributes updated", "更新检索属性", "UpsertWorkflowSearchAttributes"},
		{
			"UpsertWorkflowSearchAttributes", desk.EventDetails{State: "needs_attention", Verdict: "approve", Queue: "attention"},
			"Search attributes updated · State: Needs attention · Verdict: Approve · Queue: Attention", "更新检索属性 · 状态：待人工处理 · 判定：通过 · 队列：异常处理", "UpsertWorkflowSearchAttributes",
		},
		{"ActivityTaskScheduled", desk.EventDetails{Subject: "RecordDecision"}, "Recording of a vote: scheduled", "记录表决：已排定", "ActivityTaskScheduled RecordDecision"},
		{"ActivityTaskStarted", desk.EventDetails{Subject: "RecordDecision", Attempt: 1}, "Recording of a vote: started", "记录表决：开始", "ActivityTaskStarted RecordDecision"},
		{"ActivityTaskStarted", desk.EventDetails{Subject: "Notify", Attempt: 2}, "Sending a mail: attempt 2 started", "发送邮件：开始第 2 次尝试", "ActivityTaskStarted Notify"},
		{"ActivityTaskCompleted", desk.EventDetails{Subject: "Notify"}, "Sending a mail: done", "发送邮件：完成", "ActivityTaskCompleted Notify"},
		{"ActivityTaskTimedOut", desk.EventDetails{Subject: "Credit", Failure: desk.TimedOut}, "Crediting: timed out", "入账：超时", "ActivityTaskTimedOut Credit"},
		{"WorkflowExecutionSignaled", desk.EventDetails{Subject: "TicketChanged"}, "Signal received: the ticket changed", "收到信号：工单变更", "WorkflowExecutionSignaled TicketChanged"},
		{"WorkflowExecutionUpdateAccepted", desk.EventDetails{Subject: "Decide"}, "Vote: accepted", "表决：已受理", "WorkflowExecutionUpdateAccepted Decide"},
		{"WorkflowExecutionUpdateCompleted", desk.EventDetails{Subject: "Decide", State: "crediting"}, "Vote: done → Being credited", "表决：完成 → 退款入账中", "WorkflowExecutionUpdateCompleted Decide"},
		{"TimerStarted", desk.EventDetails{Wait: 72*time.Hour - 7*time.Millisecond}, "Timer set for 3 d 0 h", "设定定时器：3 天 0 小时", "TimerStarted 71h59m59.993s"},
		{"TimerFired", desk.EventDetails{}, "Timer went off", "定时器到时", "TimerFired"},
		{"TimerCanceled", desk.EventDetails{}, "Timer cancelled", "定时器取消", "TimerCanceled"},
		{"WorkflowExecutionContinuedAsNew", desk.EventDetails{}, "Run ended; the workflow goes on in a new one", "本次运行结束，工作流转入新的运行", "WorkflowExecutionContinuedAsNew"},
		{"WorkflowExecutionTerminated", desk.EventDetails{}, "Workflow terminated by an operator", "工作流被运维人员终止", "WorkflowExecutionTerminated"},
		{"WorkflowExecutionCompleted", desk.EventDetails{State: "credited"}, "Workflow ended → Credited", "工作流结束 → 已退款", "WorkflowExecutionCompleted"},
	}
	for _, one := range list {
		o.Engine.Events = append(o.Engine.Events, o.told(one.kind, one.details))
	}
	for locale, a := range o.sound("/audit/refunds/"+r.ID+"?source=engine", http.StatusOK) {
		events, marks := a.All("#events .event"), a.All("#history .chart svg a")
		require.Len(t, events, len(list), locale)
		for i, one := range list {
			want := map[string]string{"en": one.en, "zh-Hans": one.zh}[locale]
			said, codes := apart(events[i].Text(), events[i].Find("small").Text())
			assert.Equal(t, want, said, locale)
			assert.Equal(t, one.codes, codes, locale)
			assert.Len(t, events[i].All("code"), len(strings.Fields(one.codes)), "the engine's names are code")
			if locale == "zh-Hans" {
				assert.NotRegexp(t, regexp.MustCompile(`[A-Za-z]`), said, "%s has words in Chinese", one.kind)
			}
		}
		var onAxis []string
		for _, mark := range marks {
			onAxis = append(onAxis, mark.Attr("aria-label"))
		}
		for _, one := range list {
			want := map[string]string{"en": one.en, "zh-Hans": one.zh}[locale]
			assert.Regexp(t, "(?m) · "+regexp.QuoteMeta(want)+"$", strings.Join(onAxis, "\n"), "the axis says the same in %s", locale)
		}
	}
}

// apart are what was said and the names at its end.
func apart(text, names string) (said, codes string) {
	return strings.TrimSpace(strings.TrimSuffix(text, names)), strings.Join(strings.Fields(names), " ")
}

// Codes say why something failed; they are the same in every language and are not altered.
func TestCodesOfWorkflowEventsStay(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	o.Engine.Events = []desk.Event{
		o.told("ActivityTaskFailed", desk.EventDetails{Subject: "Credit", Failure: desk.Failed, Code: "database_away"}),
		o.told("WorkflowExecutionUpdateCompleted", desk.EventDetails{Subject: "Withdraw", Failure: desk.Refused, Code: "too-late"}),
		o.told("WorkflowTaskFailed", desk.EventDetails{Failure: desk.Failed, Code: "NonDeterministicError"}),
		o.told("WorkflowExecutionFailed", desk.EventDetails{Failure: desk.Failed, Code: "no-progress"}),
		o.told("ActivityTaskScheduled", desk.EventDetails{Subject: "Step_of_tomorrow"}),
	}
	var said []string
	for _, e := range o.otto.In("zh-Hans").Get("/audit/refunds/" + r.ID + "?source=engine").All("#events .event") {
		text, _ := apart(e.Text(), e.Find("small").Text())
		said = append(said, text)
	}
	assert.Equal(t, []string{
		"入账：失败 · database_away", "撤回申请：被驳回 · too-late", "工作流任务失败 · NonDeterministicError", "工作流失败 · no-progress", "Step_of_tomorrow：已排定",
	}, said)
}

// An event that nobody foresaw is there as the engine's side sums it up, or by its type alone.
func TestWorkflowEventsWithoutWords(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	o.Engine.Events = []desk.Event{
		o.told("NexusOperationStarted", desk.EventDetails{}), o.told("MarkerRecorded", desk.EventDetails{Marker: "SideEffect"}),
		o.told("ActivityTaskStarted", desk.EventDetails{}), {ID: 4, At: o.Clock.Now(), RunID: "run-1", Type: "NexusOperationFailed"},
	}
	var all []string
	for _, e := range o.otto.In("zh-Hans").Get("/audit/refunds/" + r.ID + "?source=engine").All("#events .event") {
		all = append(all, strings.Join(strings.Fields(e.Text()), " "))
	}
	assert.Equal(t, []string{"plain English NexusOperationStarted", "plain English MarkerRecorded SideEffect", "plain English ActivityTaskStarted", "NexusOperationFailed"}, all)
}

// Whatever a refund's workflow does, asks or hears of has a name for people.
func TestEveryStepOfARefundHasAName(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	steps := []string{
		workflows.ActivityScreen, workflows.ActivityReassess, workflows.ActivityRecordDecision, workflows.ActivityRequestInformation, workflows.ActivityWithdraw,
		workflows.ActivityCredit, workflows.ActivityPark, workflows.ActivityRetry, workflows.ActivityNotify, workflows.ActivityBuryNotice,
		workflows.UpdateDecide, workflows.UpdateRequestInformation, workflows.UpdateWithdraw, workflows.UpdateRetry,
		workflows.SignalStandingChanged, workflows.SignalDisputeChanged, workflows.SignalTicketChanged, workflows.SignalPauseChanged,
	}
	for _, step := range steps {
		o.Engine.Events = append(o.Engine.Events, o.told("ActivityTaskScheduled", desk.EventDetails{Subject: step}))
	}
	for locale, a := range o.sound("/audit/refunds/"+r.ID+"?source=engine", http.StatusOK) {
		events := a.All("#events .event")
		require.Len(t, events, len(steps))
		for i, e := range events {
			said, _ := apart(e.Text(), e.Find("small").Text())
			assert.NotContains(t, said, steps[i]+":", locale)
			assert.NotContains(t, said, steps[i]+"：", locale)
		}
	}
}
