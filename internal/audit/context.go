package audit

import "context"

type requestKey struct{}

// WithRequest returns a context whose audit entries name the request they belong to.
func WithRequest(ctx context.Context, requestID string) context.Context {
	return context.WithValue(ctx, requestKey{}, requestID)
}

// RequestOf gives the request id that WithRequest put in, or "".
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
