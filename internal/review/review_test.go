package review_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/review"
)

func who(subject string, roles ...identity.Role) identity.Actor {
	return identity.Actor{Subject: subject, Roles: roles}
}

func voted(by string, v review.Vote) review.Decision {
	return review.Decision{ID: by + string(v), Voter: who(by, identity.Reviewer), Vote: v}
}

var shown = review.Case{
	RefundID: "r", AccountID: "acct", RequestedBy: "cora", Amount: money.Units(2000, "USD"), PackageID: "p", PackageVersion: 3,
	PolicyVersion: "fixed-1", PolicyDigest: "sha256:x", Decisions: []review.Decision{voted("rob", review.Approve)},
}

func TestMayDecide(t *testing.T) {
	parked := shown
	parked.NeedsAttention = true
	rita, sam := who("rita", identity.Reviewer), who("sam", identity.Senior)
	owner := rita
	owner.AccountID = "acct"
	elsewhere := rita
	elsewhere.AccountID = "other"
	for name, tc := range map[string]struct {
		of     review.Case
		actor  identity.Actor
		vote   review.Vote
		digest string
		want   *fault.Error
	}{
		"a reviewer approves":                         {shown, rita, review.Approve, shown.Digest(), nil},
		"a reviewer rejects":                          {shown, rita, review.Reject, shown.Digest(), nil},
		"a senior reviewer":                           {shown, sam, review.Approve, shown.Digest(), nil},
		"a reviewer with an account of his own":       {shown, elsewhere, review.Approve, shown.Digest(), nil},
		"a customer":                                  {shown, who("x", identity.Customer), review.Approve, shown.Digest(), review.ErrMayNotDecide},
		"an integrator":                               {shown, who("x", identity.Integrator), review.Approve, shown.Digest(), review.ErrMayNotDecide},
		"the system itself":                           {shown, identity.Desk, review.Approve, shown.Digest(), review.ErrMayNotDecide},
		"nobody":                                      {shown, identity.Actor{}, review.Approve, shown.Digest(), review.ErrMayNotDecide},
		"an admin who is a reviewer":                  {shown, who("x", identity.Admin, identity.Reviewer), review.Approve, shown.Digest(), review.ErrMayNotDecide},
		"an auditor who is a senior reviewer":         {shown, who("x", identity.Senior, identity.Auditor), review.Reject, shown.Digest(), review.ErrMayNotDecide},
		"who asked":                                   {shown, who("cora", identity.Reviewer, identity.Customer), review.Approve, shown.Digest(), review.ErrSelfApproval},
		"who owns the account":                        {shown, owner, review.Reject, shown.Digest(), review.ErrSelfApproval},
		"who voted already":                           {shown, who("rob", identity.Reviewer), review.Reject, shown.Digest(), review.ErrAlreadyVoted},
		"shown something else":                        {shown, rita, review.Approve, "sha256:old", review.ErrStale},
		"shown nothing":                               {shown, rita, review.Approve, "", review.ErrStale},
		"attention: a reviewer":                       {parked, rita, review.Reject, parked.Digest(), review.ErrSeniorOnly},
		"attention: a senior reviewer rejects":        {parked, sam, review.Reject, parked.Digest(), nil},
		"attention: nobody approves":                  {parked, sam, review.Approve, parked.Digest(), review.ErrNotApprovable},
		"attention: decided as it was before":         {parked, sam, review.Reject, shown.Digest(), review.ErrStale},
		"the first refusal is of the role":            {shown, who("cora", identity.Customer), review.Approve, "", review.ErrMayNotDecide},
		"then of his own, before what he was shown":   {shown, who("cora", identity.Reviewer), review.Approve, "", review.ErrSelfApproval},
		"then of the vote, before what he was shown":  {shown, who("rob", identity.Reviewer), review.Approve, "", review.ErrAlreadyVoted},
		"an account of no name owns no nameless case": {review.Case{}, rita, review.Approve, review.Case{}.Digest(), nil},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, tc.of.MayDecide(tc.actor, tc.vote, tc.digest)) })
	}
}

func TestOutcome(t *testing.T) {
	yes, no := review.Approve, review.Reject
	for name, tc := range map[string]struct {
		votes  []review.Decision
		needed int
		want   review.Vote
	}{
		"silence decides nothing":         {nil, 1, ""},
		"silence of nobody needed":        {nil, 0, ""},
		"one of one":                      {[]review.Decision{voted("a", yes)}, 1, yes},
		"one of two":                      {[]review.Decision{voted("a", yes)}, 2, ""},
		"two of two":                      {[]review.Decision{voted("a", yes), voted("b", yes)}, 2, yes},
		"the same person twice":           {[]review.Decision{voted("a", yes), voted("a", yes)}, 2, ""},
		"one rejects":                     {[]review.Decision{voted("a", no)}, 2, no},
		"a rejection outweighs approvals": {[]review.Decision{voted("a", yes), voted("b", yes), voted("c", no)}, 2, no},
		"a negative number asks for one":  {[]review.Decision{voted("a", yes)}, -1, yes},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, review.Outcome(tc.votes, tc.needed)) })
	}
}

func TestOutcomeIgnoresTheOrderOfVotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		votes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) review.Decision {
			return voted(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "voter"), rapid.SampledFrom([]review.Vote{review.Approve, review.Reject}).Draw(t, "vote"))
		}), 0, 6).Draw(t, "votes")
		needed := rapid.IntRange(1, 3).Draw(t, "needed")
		if a, b := review.Outcome(votes, needed), review.Outcome(rapid.Permutation(votes).Draw(t, "order"), needed); a != b {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

// Whatever a reviewer is shown is in the digest; who voted meanwhile is not.
func TestDigestCoversWhatIsShown(t *testing.T) {
	for name, change := range map[string]func(*review.Case){
		"refund":          func(c *review.Case) { c.RefundID += "x" },
		"amount":          func(c *review.Case) { c.Amount.Micros++ },
		"currency":        func(c *review.Case) { c.Amount.Currency = "EUR" },
		"package":         func(c *review.Case) { c.PackageID += "x" },
		"package version": func(c *review.Case) { c.PackageVersion++ },
		"policy":          func(c *review.Case) { c.PolicyVersion += "x" },
		"policy digest":   func(c *review.Case) { c.PolicyDigest += "x" },
		"attention":       func(c *review.Case) { c.NeedsAttention = true },
	} {
		other := shown
		change(&other)
		assert.NotEqual(t, shown.Digest(), other.Digest(), name)
	}
	later := shown
	later.Decisions = append(later.Decisions, voted("x", review.Approve))
	assert.Equal(t, shown.Digest(), later.Digest())
	shifted := shown
	shifted.RefundID, shifted.PackageID = "r p", ""
	assert.NotEqual(t, shown.Digest(), shifted.Digest())
}

func TestDecisionIDIsOfTheDecision(t *testing.T) {
	part := rapid.SampledFrom([]string{"", "a", "b", `"`, `a" "b`, "a b"})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) [6]string {
			var out [6]string
			for i := range out {
				out[i] = part.Draw(t, name)
			}
			return out
		}
		id := func(p [6]string) string { return review.DecisionID(p[0], p[1], review.Vote(p[2]), p[3], p[4], p[5]) }
		a, b := draw("a"), draw("b")
		if (a == b) != (id(a) == id(b)) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestReasons(t *testing.T) {
	for vote, codes := range map[review.Vote][]string{
		review.Approve: {"verified_request", "provider_fault", "other"},
		review.Reject:  {"suspected_abuse", "agreement_violated", "unverified", "other"},
	} {
		assert.Equal(t, codes, review.Reasons(vote))
		for _, code := range codes {
			assert.Nil(t, review.ValidateReason(vote, code), code)
		}
		refusal := review.ValidateReason(vote, "because")
		require.NotNil(t, refusal)
		assert.Equal(t, "reason_code", refusal.Fields[0].Name)
	}
	assert.Equal(t, "reason_code", review.ValidateReason(review.Approve, "suspected_abuse").Fields[0].Name, "the reasons of the other vote are not his")
	assert.Equal(t, "decision", review.ValidateReason("perhaps", "other").Fields[0].Name)
	review.Reasons(review.Approve)[0] = "changed"
	assert.Equal(t, "verified_request", review.Reasons(review.Approve)[0], "a copy")
}
