package policy

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"

	"refunddesk/internal/review"
)

// DefaultSource is the policy that the program ships with; a new database starts with it.
//
//go:embed default.yaml
var DefaultSource []byte

// Policy is a compiled policy document: it is immutable and safe for use by many at once.
type Policy struct {
	version string
	digest  string
	doc     document
	rules   []rule
	limits  map[string]amounts // by the name that expressions use: limits.<name>
	broken  bool               // the source could not be compiled: everything is reviewed
}

// Version is the version that the policy was read as; empty for one that is only checked.
func (p *Policy) Version() string { return p.version }

// Digest is over the source, "sha256:…".
func (p *Policy) Digest() string { return p.digest }

// DigestOf is the digest of a policy's source.
func DigestOf(source []byte) string {
	sum := sha256.Sum256(source)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Parse reads and compiles a policy document (YAML). What is wrong is one *fault.Error of
// the code invalid-policy whose fields have line and column; it names up to 50 problems.
func Parse(version string, source []byte) (*Policy, error) {
	doc, rules, err := read(source)
	if err != nil {
		return nil, err
	}
	limits := make(map[string]amounts, len(doc.Limits))
	for name, a := range doc.Limits {
		limits[limitPrefix+name] = a
	}
	return &Policy{version: version, digest: DigestOf(source), doc: doc, rules: rules, limits: limits}, nil
}

// unreadable is the policy that stands in for a source that does not compile: everything
// that is not rejected by the program's own rules is reviewed by two people.
func unreadable(version string, source []byte) *Policy {
	return &Policy{version: version, digest: DigestOf(source), broken: true, doc: document{
		Queues: map[string]review.SLA{review.QueueReview: lastResort},
	}}
}

// SLA is what the policy promises for a queue; the review queue's for one that it does not
// name. The escalation queue cannot be named: what comes into it keeps its own promise.
func (p *Policy) SLA(queue string) review.SLA {
	if sla, ok := p.doc.Queues[queue]; ok {
		return sla
	}
	return p.doc.Queues[review.QueueReview]
}

// Rule is a rule of a policy, for lists that people read.
type Rule struct {
	ID      string
	When    string
	Verdict Verdict
	Weight  int
	Reason  string
}

// Rules are the rules of the document in its order, without those that are part of the program.
func (p *Policy) Rules() []Rule {
	out := make([]Rule, 0, len(p.doc.Rules))
	for _, r := range p.doc.Rules {
		out = append(out, Rule{ID: r.ID, When: r.When, Verdict: r.Verdict, Weight: r.Weight, Reason: r.Reason})
	}
	return out
}
