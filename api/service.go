package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"refunddesk/internal/fault"
)

// readyWithin is how long the neighbours may take to answer before they count as away.
const readyWithin = 2 * time.Second

// GetHealth answers while the process does.
func (s *server) GetHealth(context.Context, GetHealthRequestObject) (GetHealthResponseObject, error) {
	return GetHealth200JSONResponse{Status: "ok"}, nil
}

// GetReadiness answers 503 naming what is away.
func (s *server) GetReadiness(ctx context.Context, _ GetReadinessRequestObject) (GetReadinessResponseObject, error) {
	ctx, _ = caller(ctx)
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		return nil, notReady(err)
	}
	return GetReadiness200JSONResponse{Status: "ready"}, nil
}

// notReady makes one fault of all that are in err.
func notReady(err error) *fault.Error {
	f := fault.New(fault.Unavailable, "not-ready", "The program cannot serve at the moment.").With(err)
	for _, away := range faultsIn(err) {
		f.Fields = append(f.Fields, fault.Field{Name: away.Code, Problem: cmp.Or(away.Detail, "is away")})
		f.RetryAfter = max(f.RetryAfter, away.RetryAfter)
	}
	slices.SortFunc(f.Fields, func(a, b fault.Field) int { return cmp.Compare(a.Name, b.Name) })
	return f
}

// faultsIn finds every fault in a joined error, not only the first.
func faultsIn(err error) []*fault.Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*fault.Error
		for _, each := range joined.Unwrap() {
			all = append(all, faultsIn(each)...)
		}
		return all
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return []*fault.Error{f}
	}
	return nil
}

// GetContract serves the contract that requests are held to.
func (s *server) GetContract(context.Context, GetContractRequestObject) (GetContractResponseObject, error) {
	return GetContract200ApplicationYamlResponse{Body: bytes.NewReader(contractYAML), ContentLength: int64(len(contractYAML))}, nil
}
