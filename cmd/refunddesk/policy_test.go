package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/config"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// shelved are records of one policy and some past requests.
type shelved struct {
	inForce desk.PolicyVersion
	past    []policy.Case
	asked   string
	limit   int
}

func (s *shelved) PolicyVersion(_ context.Context, version string) (desk.PolicyVersion, error) {
	s.asked = version
	return s.inForce, nil
}

func (s *shelved) Screenings(_ context.Context, limit int, total func(int), each func(policy.Case) error) error {
	s.limit = limit
	total(len(s.past))
	for _, c := range s.past {
		if err := each(c); err != nil {
			return err
		}
	}
	return nil
}

func records() *shelved {
	s := &shelved{inForce: desk.PolicyVersion{Version: "1", State: desk.PolicyPublished, Source: string(policy.DefaultSource)}}
	for i := range 30 {
		s.past = append(s.past, policy.Case{
			RefundID: fmt.Sprintf("refund_%02d", i), Verdict: policy.Review, Decided: review.Approve, State: refund.Credited,
			Facts: policy.Facts{Amount: money.Units(1500, "USD"), Standing: refund.Good, Dispute: refund.NoDispute, Refunds30d: 1, AccountAge: 1e18},
		})
	}
	s.past[0].Decided = review.Reject
	return s
}

// draft writes a policy that is the shipped one, changed.
func draft(t *testing.T, old, now string) config.PolicyFile {
	t.Helper()
	require.Contains(t, string(policy.DefaultSource), old)
	return file(t, strings.Replace(string(policy.DefaultSource), old, now, 1))
}

func file(t *testing.T, text string) config.PolicyFile {
	t.Helper()
	name := filepath.Join(t.TempDir(), "draft.yaml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return config.PolicyFile{File: name}
}

func TestPolicyCheck(t *testing.T) {
	var results, remarks bytes.Buffer
	require.NoError(t, checkPolicy(config.PolicyCheck{PolicyFile: file(t, string(policy.DefaultSource))}, policyOut{results: &results, remarks: &remarks}))
	assert.True(t, strings.HasPrefix(results.String(), "OK "+policy.DigestOf(policy.DefaultSource)+"\n"))
	assert.Contains(t, results.String(), "large-amount         review   20      amount > limits.large_amount\n")
	assert.Empty(t, remarks.String())
}

func TestPolicyCheckNamesEveryProblemByItsPlace(t *testing.T) {
	var results, remarks bytes.Buffer
	bad := draft(t, "refunds_30d > 3\n    verdict: review", "refunds_30d > many\n    verdict: maybe")
	err := checkPolicy(config.PolicyCheck{PolicyFile: bad}, policyOut{results: &results, remarks: &remarks})
	require.ErrorContains(t, err, "2 problem(s)")
	assert.Equal(t, policy.CodeInvalid, fault.CodeOf(err))
	assert.Regexp(t, `^\S+draft\.yaml:\d+:25: rules\[1\]\.when names "many", .*\n\S+draft\.yaml:\d+:14: rules\[1\]\.verdict must be review or reject.*\n$`, remarks.String())
	assert.Empty(t, results.String())

	remarks.Reset()
	huge := file(t, strings.Repeat("# far too much\n", 700_000))
	require.Error(t, checkPolicy(config.PolicyCheck{PolicyFile: huge}, policyOut{results: &results, remarks: &remarks}))
	assert.Contains(t, remarks.String(), ":1:1: the document is larger than 1024 KiB")
}

func TestPolicyDiff(t *testing.T) {
	var results bytes.Buffer
	s := records()
	out := policyOut{results: &results}
	require.NoError(t, diffPolicy(t.Context(), s, config.PolicyDiff{PolicyFile: draft(t, "refunds_30d > 3", "refunds_30d > 4"), Against: "1"}, out))
	assert.Equal(t, "1", s.asked)
	assert.Regexp(t, `changed rule many-refunds-30d +when +refunds_30d > 3 +refunds_30d > 4`, results.String())

	results.Reset()
	require.NoError(t, diffPolicy(t.Context(), s, config.PolicyDiff{PolicyFile: file(t, string(policy.DefaultSource)+"# more\n")}, out))
	assert.Empty(t, s.asked, "the one in force")
	assert.Contains(t, results.String(), "They judge alike.")

	results.Reset()
	require.NoError(t, diffPolicy(t.Context(), s, config.PolicyDiff{PolicyFile: draft(t, "weight: 50", "weight: 55"), JSON: true}, out))
	var diff policy.Diff
	require.NoError(t, json.Unmarshal(results.Bytes(), &diff))
	assert.Equal(t, []policy.FieldDiff{{Field: "weight", From: "50", To: "55"}}, diff.Rules[0].Fields)
}

func TestPolicyBacktest(t *testing.T) {
	var results, remarks bytes.Buffer
	s := records()
	laxer := draft(t, `large_amount: {USD: "1000"`, `large_amount: {USD: "2000"`)
	out := policyOut{results: &results, remarks: &remarks, bars: true}
	require.NoError(t, backtestPolicy(t.Context(), s, config.PolicyBacktest{PolicyFile: laxer, Limit: 500}, out))
	assert.Equal(t, 500, s.limit)
	text := results.String()
	assert.Contains(t, text, "30 past requests, 30 verdicts would change")
	assert.Regexp(t, `review +approve +30 +\$45,000\.00 +29 +1\n`, text)
	assert.Contains(t, text, "people rejected 1; the policy would approve 1 of them by itself: $1,500.00")
	assert.Contains(t, text, "people approved 29; the policy would have 0 of them reviewed or rejected\n")
	assert.Contains(t, text, "  refund_19\n  and 10 more; --json names the newest 1000\n")
	assert.Contains(t, text, "rejected by people, would be approved:\n  refund_00\n")
	assert.NotEmpty(t, remarks.String(), "the bar")
	assert.NotContains(t, text, "replaying")

	results.Reset()
	require.NoError(t, backtestPolicy(t.Context(), s, config.PolicyBacktest{PolicyFile: laxer, JSON: true}, policyOut{results: &results, remarks: &remarks}))
	var report policy.Report
	require.NoError(t, json.Unmarshal(results.Bytes(), &report))
	assert.Len(t, report.Changes[0].Refunds, 30)

	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, backtestPolicy(stopped, s, config.PolicyBacktest{PolicyFile: laxer}, policyOut{results: &results, remarks: &remarks}), context.Canceled)
}
