package main

import (
	"bytes"
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"

	api "refunddesk/api/client"
	"refunddesk/internal/engine"
	"refunddesk/internal/refund"
	"refunddesk/workflows"
)

// lockScenes are the paths on which steps wait for the records and for each other. The
// recorder holds SQLite's one write lock meanwhile, so what comes first is certain.
var lockScenes = []scene{
	{"database-away", "the records are locked while a decision is recorded", standard, func(t *take) {
		t.inReview()
		t.locked(func() {
			t.approveBeside()
			t.pendingActivity()
		})
		t.ends(refund.Credited)
	}},
	{"reassess-fallback", "the records are locked while standing is looked at again", standard, func(t *take) {
		t.inReview()
		t.locked(func() {
			t.news()
			t.pendingActivity()
		})
		t.approve()
		t.ends(refund.Credited)
	}},
	{"decision-behind-news", "a decision that is accepted while standing is looked at again", standard, func(t *take) {
		t.inReview()
		t.locked(func() {
			t.news()
			t.pendingActivity()
			t.approveBeside()
			t.has(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
		})
		t.ends(refund.Credited)
	}},
	{"news-behind-decision", "standing changes while a decision is recorded", standard, func(t *take) {
		t.inReview()
		t.locked(func() {
			t.approveBeside()
			t.pendingActivity()
			t.news()
			t.has(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
		})
		t.ends(refund.Credited)
	}},
}

// locked plays a part while nobody can write to the records, and waits for what was begun
// beside it.
func (t *take) locked(part func()) {
	t.do("play behind locked records", func() error {
		hand, err := t.records.Conn(t.ctx)
		if err != nil {
			return err
		}
		defer func() { _ = hand.Close() }()
		if _, err := hand.ExecContext(t.ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		part()
		// Also when the part failed: what was begun beside it waits for the lock.
		_, err = hand.ExecContext(context.WithoutCancel(t.ctx), "ROLLBACK")
		for _, wait := range t.beside {
			err = errors.Join(err, wait())
		}
		t.beside = nil
		return errors.Join(t.err, err)
	})
}

// approveBeside casts a vote and does not wait for its answer.
func (t *take) approveBeside() {
	voted := make(chan error, 1)
	go func() {
		// Without a note, which would be stored first and meet the lock before the workflow does.
		voted <- t.vote("reviewer", api.VoteApprove, api.NewDecisionReasonCodeVerifiedRequest, nil)
	}()
	t.beside = append(t.beside, func() error { return <-voted })
}

// news tells the workflow that standing changed. The change itself would have to be
// written, so it is one that changes nothing: what the workflow does on hearing is the same.
func (t *take) news() {
	t.do("signal", func() error {
		return t.temporal.SignalWorkflow(t.ctx, t.workflow, "", workflows.SignalStandingChanged, workflows.ChangedSignal{IntentID: "intent_recorded"})
	})
}

// has waits until an event is in the history.
func (t *take) has(event enumspb.EventType) {
	t.do("wait for "+event.String(), func() error {
		return t.until(func() (bool, error) {
			text, err := engine.ExportHistory(t.ctx, t.temporal, t.workflow, "")
			return bytes.Contains(text, []byte(exported(event))), err
		})
	})
}

// exported is how an exported history spells an event: "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED".
func exported(event enumspb.EventType) string {
	return string(event.Descriptor().Values().ByNumber(event.Number()).Name())
}
