package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"refunddesk/api/client"
)

// The workloads, by the names that the figures have.
const (
	nameRefund     = "refund"
	namePost       = "post"
	nameEmpty      = "empty"
	nameActivities = "activities"
	nameInsert     = "insert"
)

// workload is one of the things that are compared.
type workload struct {
	name  string
	title string
	// once does it once, for one client, and gives the time that counts.
	once func(ctx context.Context) (time.Duration, error)
	// refunds says that it files refunds: it needs packages, and is done when mails are out.
	refunds bool
	// pause is how long a client then waits. What a single answer takes is measured with a
	// pause: without one a request meets the rest of what the client's last one set off.
	pause time.Duration
}

const answerPause = 20 * time.Millisecond

func (b *bench) workloads() []workload {
	return []workload{
		{nameRefund, "clean refunds, filed to credited", b.refundOnce, true, 0},
		{nameEmpty, "empty workflows", func(ctx context.Context) (time.Duration, error) { return b.baseline.once(ctx, workflowEmpty) }, false, 0},
		{nameActivities, "three regular activities", func(ctx context.Context) (time.Duration, error) { return b.baseline.once(ctx, workflowActivities) }, false, 0},
		{namePost, "POST /v1/refunds", b.postOnce, true, answerPause},
		{nameInsert, "one committed INSERT", b.insertOnce, false, answerPause},
	}
}

// waitForCredit is what a customer's program sends who wants to know how it ended.
const waitForCredit = "wait=30"

// refundOnce files and waits for the answer that the refund is credited.
func (b *bench) refundOnce(ctx context.Context) (time.Duration, error) {
	pkg, err := b.stock.take()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	r, err := file(ctx, pkg, waitForCredit)
	took := time.Since(start)
	if err != nil {
		return 0, err
	}
	b.acknowledged(r.ID)
	return took, credited(r)
}

// postOnce measures the answer of a filing that does not wait. The refund is then waited
// for, outside of what is measured, by sending the same request again.
func (b *bench) postOnce(ctx context.Context) (time.Duration, error) {
	pkg, err := b.stock.take()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	first, err := file(ctx, pkg, "")
	took := time.Since(start)
	if err != nil {
		return 0, err
	}
	b.acknowledged(first.ID)
	again, err := file(ctx, pkg, waitForCredit)
	if err == nil && again.ID != first.ID {
		err = fmt.Errorf("the same request made refunds %s and %s", first.ID, again.ID)
	}
	if err != nil {
		return 0, err
	}
	return took, credited(again)
}

// file asks for the refund of a package, under a key that is the package's own.
func file(ctx context.Context, pkg bought, prefer string) (*client.Refund, error) {
	params := client.FileRefundParams{IdempotencyKey: "bench-" + pkg.id}
	if prefer != "" {
		params.Prefer = &prefer
	}
	answer, err := pkg.owner.FileRefundWithResponse(ctx, &params, client.Filing{
		PackageID: pkg.id, ReasonCode: client.RefundReasonNoLongerNeeded,
	})
	if err != nil {
		return nil, err
	}
	if answer.JSON202 == nil {
		return nil, fmt.Errorf("POST /v1/refunds answered %s: %w", answer.Status(), answer.ApplicationProblemJSONDefault)
	}
	return answer.JSON202, nil
}

func credited(r *client.Refund) error {
	if r.State != client.RefundStateCredited {
		return fmt.Errorf("refund %s is %s instead of credited", r.ID, r.State)
	}
	return nil
}

func (b *bench) acknowledged(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.filed = append(b.filed, id)
}

func (b *bench) acknowledgements() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.filed)
}

// insertBody is about as long as a request for a refund.
var insertBody = []byte(`{"package_id":"pkg_bench_100000","reason_code":"no_longer_needed"}`)

// insertOnce sends the handler of one INSERT something to keep.
func (b *bench) insertOnce(ctx context.Context) (_ time.Duration, err error) {
	start := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.insertURL, bytes.NewReader(insertBody))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := b.stock.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusAccepted {
		return 0, fmt.Errorf("the handler of one INSERT answered %s", answer.Status)
	}
	return time.Since(start), nil
}
