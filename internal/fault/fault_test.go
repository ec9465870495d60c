package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
)

var conflict = fault.New(fault.Conflict, "refund-open", "A refund is open.")

func TestIsComparesKindAndCode(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"itself":                   {conflict, true},
		"another with the same":    {fault.New(fault.Conflict, "refund-open", "other words"), true},
		"with a cause":             {conflict.With(io.EOF), true},
		"with a time to wait":      {conflict.After(time.Second), true},
		"wrapped":                  {fmt.Errorf("filing: %w", conflict.With(io.EOF)), true},
		"joined":                   {errors.Join(io.EOF, conflict), true},
		"another code":             {fault.New(fault.Conflict, "other", ""), false},
		"another kind":             {fault.New(fault.NotFound, "refund-open", ""), false},
		"no fault":                 {io.EOF, false},
		"a fault behind an answer": {fault.New(fault.Internal, "x", "").With(conflict), true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, errors.Is(tc.err, conflict)) })
	}
}

func TestAsFindsTheOutermostFault(t *testing.T) {
	inner := fault.New(fault.Unavailable, "database-unavailable", "")
	err := fmt.Errorf("call: %w", conflict.With(inner))
	var got *fault.Error
	require.ErrorAs(t, err, &got)
	assert.Equal(t, "refund-open", got.Code)
	assert.ErrorIs(t, err, inner)
}

func TestCopiesLeaveTheOriginalAlone(t *testing.T) {
	with, after := conflict.With(io.EOF), conflict.After(time.Minute)
	assert.NoError(t, conflict.Unwrap())
	assert.Zero(t, conflict.RetryAfter)
	assert.ErrorIs(t, with, io.EOF)
	assert.Equal(t, time.Minute, after.RetryAfter)
}

func TestFrom(t *testing.T) {
	assert.Nil(t, fault.From(nil))
	assert.Same(t, conflict, fault.From(fmt.Errorf("x: %w", conflict)))
	secret := errors.New("password=hunter2")
	got := fault.From(secret)
	assert.Equal(t, fault.Internal, got.Kind)
	assert.Equal(t, "internal", got.Code)
	assert.NotContains(t, got.Error(), "hunter2", "what nobody classified is not shown")
	assert.ErrorIs(t, got, secret, "but is there for the log")
}

func TestCodeOf(t *testing.T) {
	assert.Empty(t, fault.CodeOf(nil))
	var none *fault.Error
	assert.Empty(t, fault.CodeOf(none), "what was not refused has no code")
	assert.Equal(t, "internal", fault.CodeOf(io.EOF))
	assert.Equal(t, "refund-open", fault.CodeOf(fmt.Errorf("x: %w", conflict)))
}

// An answer is the caller's turn; the rest may be tried again.
func TestIsAnswer(t *testing.T) {
	for kind, want := range map[fault.Kind]bool{
		fault.Internal: false, fault.Unavailable: false,
		fault.Unauthenticated: true, fault.Forbidden: true, fault.NotFound: true, fault.MethodNotAllowed: true, fault.UnsupportedMedia: true,
		fault.TooLarge: true, fault.Malformed: true, fault.Unprocessable: true, fault.Conflict: true, fault.TooMany: true,
	} {
		assert.Equal(t, want, fault.IsAnswer(fmt.Errorf("x: %w", fault.New(kind, "c", ""))), "kind %d", kind)
	}
	assert.False(t, fault.IsAnswer(nil))
	assert.False(t, fault.IsAnswer(io.EOF))
	var zero fault.Error
	assert.False(t, fault.IsAnswer(&zero), "what nobody classified is not blamed on the caller")
}

func TestWording(t *testing.T) {
	assert.Equal(t, "c: 3 of 4", fault.New(fault.Conflict, "c", "%d of %d", 3, 4).Error())
	assert.Equal(t, "c", fault.New(fault.Conflict, "c", "").Error())
	f := fault.InvalidField("price", "is %s", "negative")
	assert.Equal(t, []fault.Field{{Name: "price", Problem: "is negative"}}, f.Fields)
	assert.Equal(t, fault.Unprocessable, f.Kind)
	assert.Equal(t, "invalid-value: price: is negative", f.Error())
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{"": "", "abc": "abc", "abcd": "abc…", "日本語": "日本語", "日本語で": "日本語…", "\xff\xff\xff\xff": "\xff\xff\xff…"} {
		assert.Equal(t, want, fault.Clip(in, 3), "%q", in)
	}
	assert.Equal(t, 80+len("…"), len(fault.Clip(strings.Repeat("x", 1<<20), 80)))
}
