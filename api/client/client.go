// Package client calls RefundDesk over HTTP. Its types and calls are generated from
// api/openapi.yaml; start with NewClientWithResponses and WithBearer:
//
//	desk, err := client.NewClientWithResponses("https://refunds.example.com", client.WithBearer(token))
//	...
//	answer, err := desk.FileRefundWithResponse(ctx, &client.FileRefundParams{IdempotencyKey: key}, client.Filing{
//		PackageID: "pkg_1", ReasonCode: client.RefundReasonNoLongerNeeded,
//	})
//	...
//	if answer.JSON202 == nil {
//		return answer.ApplicationProblemJSONDefault // a *Problem, which is an error
//	}
package client

import (
	"context"
	"net/http"
)

// WithBearer sends the token with every request.
func WithBearer(token string) ClientOption {
	return WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	})
}

// Error makes a problem an error: its code, and the sentence for people.
func (p *Problem) Error() string {
	if p == nil {
		return "refunddesk: an answer without a problem"
	}
	if p.Detail == nil || *p.Detail == "" {
		return "refunddesk: " + p.Code
	}
	return "refunddesk: " + p.Code + ": " + *p.Detail
}
