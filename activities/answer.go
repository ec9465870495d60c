package activities

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"refunddesk/internal/fault"
	"refunddesk/workflows"
)

// The codes of failures that carry no fault of their own.
const (
	codePanic        = "panic"
	codeTimeout      = "timeout"
	codeUnclassified = "unclassified"
)

// answer turns whatever an activity failed with, a panic included, into what the engine
// may keep: a type to act on and a code as message, never a text that could name a person.
// The text goes to the log, where a fault's own sentence is free of personal data too.
//
// Deferred directly, so that it can recover.
func answer(ctx context.Context, err *error) {
	if caught := recover(); caught != nil {
		// The value may hold anything; where it happened says enough.
		activity.GetLogger(ctx).Error("An activity panicked.", "stack", string(debug.Stack()))
		// A defect: trying again does not mend it. Crediting then goes to an operator.
		*err = final(workflows.FailureInternal, codePanic)
		return
	}
	if *err != nil {
		*err = classify(ctx, *err)
	}
}

// classify says whether trying again helps: a neighbour that is away comes back, an answer
// stays what it is. An error without a fault breaks the ports' contract; it is tried again,
// because a blip that somebody forgot to classify must not stop a refund for good.
func classify(ctx context.Context, err error) error {
	var known *fault.Error
	switch {
	case errors.As(err, &known):
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return retryable(codeTimeout)
	default:
		activity.GetLogger(ctx).Error("An activity failed with an error that has no code.", "type", fmt.Sprintf("%T", err))
		return retryable(codeUnclassified)
	}
	switch known.Kind {
	case fault.Unavailable, fault.TooMany:
		return retryable(known.Code)
	case fault.Internal:
		activity.GetLogger(ctx).Error("An activity failed.", "fault", known.Error())
		return final(workflows.FailureInternal, known.Code)
	}
	return final(known.Code, known.Code)
}

// retryable is a failure that goes away.
func retryable(code string) error {
	return temporal.NewApplicationError(code, workflows.FailureUnavailable)
}

// final is a failure that trying again does not change.
func final(kind, code string) error {
	return temporal.NewApplicationErrorWithOptions(code, kind, temporal.ApplicationErrorOptions{NonRetryable: true})
}
