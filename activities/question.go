package activities

import (
	"context"

	"refunddesk/internal/review"
	"refunddesk/workflows"
)

// QuestionSteps are the steps of a question.
type QuestionSteps struct {
	Questions Questions
}

// TickQuestion looks at the clock of a question and at what is still to be told of it.
func (s QuestionSteps) TickQuestion(ctx context.Context, in workflows.TickInput) (step review.QuestionStep, err error) {
	defer answer(ctx, &err)
	return s.Questions.TickQuestion(ctx, in.TicketID)
}
