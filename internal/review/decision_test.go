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

// senior is voted by a senior reviewer.
func senior(by string, v review.Vote) review.Decision {
	return review.Decision{ID: by + string(v), Voter: who(by, identity.Senior), Vote: v}
}

var shown = review.Case{
	RefundID: "r", AccountID: "acct", RequestedBy: "cora", Amount: money.Units(2000, "USD"), PackageID: "p", PackageVersion: 3,
	PolicyVersion: "1", PolicyDigest: "sha256:x", Quorum: review.Quorum{Approvals: 2},
	Decisions: []review.Decision{voted("rob", review.Approve)},
}

// with is a copy of the case, changed.
func with(change func(*review.Case)) review.Case {
	c := shown
	change(&c)
	return c
}

func TestMayDecide(t *testing.T) {
	parked := with(func(c *review.Case) { c.NeedsAttention = true })
	seniorAlone := with(func(c *review.Case) { c.Quorum, c.Decisions = review.Quorum{Approvals: 1, Seniors: 1}, nil })
	twoOneSenior := with(func(c *review.Case) { c.Quorum, c.Decisions = review.Quorum{Approvals: 2, Seniors: 1}, nil })
	seatTaken := with(func(c *review.Case) { c.Quorum = review.Quorum{Approvals: 2, Seniors: 1} })
	seniorVoted := with(func(c *review.Case) {
		c.Quorum, c.Decisions = review.Quorum{Approvals: 2, Seniors: 1}, []review.Decision{senior("sam", review.Approve)}
	})
	linked := with(func(c *review.Case) { c.Linked, c.FiledBy = []string{"twin"}, []string{"rita"} })
	appeal := with(func(c *review.Case) { c.Barred = []identity.Actor{{Subject: "rita"}} })
	rita, sam := who("rita", identity.Reviewer), who("sam", identity.Senior)
	owner, elsewhere, twin := who("owen", identity.Reviewer), who("owen", identity.Reviewer), who("tina", identity.Reviewer)
	owner.AccountID, elsewhere.AccountID, twin.AccountID = "acct", "other", "twin"

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
		"who owns a linked account":                   {linked, twin, review.Approve, linked.Digest(), review.ErrSelfApproval},
		"who files for a linked account":              {linked, rita, review.Reject, linked.Digest(), review.ErrSelfApproval},
		"who decided the appealed refund":             {appeal, rita, review.Approve, appeal.Digest(), review.ErrFirstDecider},
		"somebody else decides the appeal":            {appeal, sam, review.Approve, appeal.Digest(), nil},
		"who voted already":                           {shown, who("rob", identity.Reviewer), review.Reject, shown.Digest(), review.ErrAlreadyVoted},
		"shown something else":                        {shown, rita, review.Approve, "sha256:old", review.ErrStale},
		"shown nothing":                               {shown, rita, review.Approve, "", review.ErrStale},
		"a senior alone: a reviewer approves":         {seniorAlone, rita, review.Approve, seniorAlone.Digest(), review.ErrSeniorOnly},
		"a senior alone: a reviewer rejects":          {seniorAlone, rita, review.Reject, seniorAlone.Digest(), nil},
		"a senior alone: a senior approves":           {seniorAlone, sam, review.Approve, seniorAlone.Digest(), nil},
		"two, one senior: a reviewer begins":          {twoOneSenior, rita, review.Approve, twoOneSenior.Digest(), nil},
		"two, one senior: a second reviewer":          {seatTaken, rita, review.Approve, seatTaken.Digest(), review.ErrSeniorOnly},
		"two, one senior: a second reviewer rejects":  {seatTaken, rita, review.Reject, seatTaken.Digest(), nil},
		"two, one senior: the senior":                 {seatTaken, sam, review.Approve, seatTaken.Digest(), nil},
		"two, one senior: a reviewer after a senior":  {seniorVoted, rita, review.Approve, seniorVoted.Digest(), nil},
		"two, one senior: a senior after a senior":    {seniorVoted, who("sue", identity.Senior), review.Approve, seniorVoted.Digest(), nil},
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
	one, two, oneSenior, twoOneSenior := review.Quorum{Approvals: 1}, review.Quorum{Approvals: 2}, review.Quorum{Approvals: 1, Seniors: 1}, review.Quorum{Approvals: 2, Seniors: 1}
	for name, tc := range map[string]struct {
		votes  []review.Decision
		quorum review.Quorum
		want   review.Vote
	}{
		"silence decides nothing":            {nil, one, ""},
		"silence of nobody needed":           {nil, review.Quorum{}, ""},
		"one of one":                         {[]review.Decision{voted("a", yes)}, one, yes},
		"one of two":                         {[]review.Decision{voted("a", yes)}, two, ""},
		"two of two":                         {[]review.Decision{voted("a", yes), voted("b", yes)}, two, yes},
		"the same person twice":              {[]review.Decision{voted("a", yes), voted("a", yes)}, two, ""},
		"one rejects":                        {[]review.Decision{voted("a", no)}, two, no},
		"a rejection outweighs approvals":    {[]review.Decision{voted("a", yes), voted("b", yes), voted("c", no)}, two, no},
		"a negative number asks for one":     {[]review.Decision{voted("a", yes)}, review.Quorum{Approvals: -1}, yes},
		"a reviewer where a senior has to":   {[]review.Decision{voted("a", yes)}, oneSenior, ""},
		"a senior where a senior has to":     {[]review.Decision{senior("s", yes)}, oneSenior, yes},
		"two reviewers, and no senior":       {[]review.Decision{voted("a", yes), voted("b", yes)}, twoOneSenior, ""},
		"one senior, and nobody else":        {[]review.Decision{senior("s", yes)}, twoOneSenior, ""},
		"a reviewer and a senior":            {[]review.Decision{voted("a", yes), senior("s", yes)}, twoOneSenior, yes},
		"two seniors":                        {[]review.Decision{senior("r", yes), senior("s", yes)}, twoOneSenior, yes},
		"a senior's rejection rejects alone": {[]review.Decision{senior("s", no)}, twoOneSenior, no},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, tc.quorum.Outcome(tc.votes)) })
	}
}

func drawVotes(t *rapid.T) []review.Decision {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) review.Decision {
		// Who is senior follows from the name: a person has one role.
		by := rapid.SampledFrom([]string{"a", "b", "c", "sam", "sue"}).Draw(t, "voter")
		vote := rapid.SampledFrom([]review.Vote{review.Approve, review.Approve, review.Approve, review.Reject}).Draw(t, "vote")
		if by[0] == 's' {
			return senior(by, vote)
		}
		return voted(by, vote)
	}), 0, 6).Draw(t, "votes")
}

func drawQuorum(t *rapid.T) review.Quorum {
	q := review.Quorum{Approvals: rapid.IntRange(1, 3).Draw(t, "approvals")}
	q.Seniors = rapid.IntRange(0, q.Approvals).Draw(t, "seniors")
	return q
}

func TestOutcomeIgnoresTheOrderOfVotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		votes, q := drawVotes(t), drawQuorum(t)
		if a, b := q.Outcome(votes), q.Outcome(rapid.Permutation(votes).Draw(t, "order")); a != b {
			t.Fatalf("%q and %q for the same votes", a, b)
		}
	})
}

// The outcome against the words of the rule, and whoever may vote can bring it about: a case
// whose voters all kept to MayDecide is never stuck with its seats taken.
func TestVotesThatMayBeCastReachTheQuorum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := with(func(c *review.Case) { c.Quorum, c.Decisions = drawQuorum(t), nil })
		people := rapid.Permutation([]identity.Actor{
			who("a", identity.Reviewer), who("b", identity.Reviewer), who("c", identity.Reviewer),
			who("sam", identity.Senior), who("sue", identity.Senior), who("sid", identity.Senior),
		}).Draw(t, "people")
		for _, p := range people {
			if c.Quorum.Outcome(c.Decisions) != "" {
				break
			}
			if c.MayDecide(p, review.Approve, c.Digest()) == nil {
				c.Decisions = append(c.Decisions, review.Decision{Voter: p, Vote: review.Approve})
			}
		}
		seniors := 0
		for _, d := range c.Decisions {
			if d.Voter.Has(identity.Senior) {
				seniors++
			}
		}
		if c.Quorum.Outcome(c.Decisions) != review.Approve {
			t.Fatalf("%+v is stuck with %v", c.Quorum, c.Decisions)
		}
		if len(c.Decisions) != c.Quorum.Approvals || seniors < c.Quorum.Seniors {
			t.Fatalf("%d people, %d of them senior, decided what takes %+v", len(c.Decisions), seniors, c.Quorum)
		}
	})
}

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
