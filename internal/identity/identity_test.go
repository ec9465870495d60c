package identity_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"refunddesk/internal/identity"
)

// everyRole includes those that no token may carry.
var everyRole = append(slices.Clone(identity.Roles), identity.System, "unknown", "")

// combinations calls f with an actor of every set of roles.
func combinations(f func(a identity.Actor)) {
	for mask := range 1 << len(everyRole) {
		a := identity.Actor{Subject: "x", AccountID: "acct"}
		for i, r := range everyRole {
			if mask&(1<<i) != 0 {
				a.Roles = append(a.Roles, r)
			}
		}
		f(a)
	}
}

func TestWhoeverHoldsAdminOrAuditorDecidesNothing(t *testing.T) {
	combinations(func(a identity.Actor) {
		holds := func(r identity.Role) bool { return slices.Contains(a.Roles, r) }
		want := (holds(identity.Reviewer) || holds(identity.Senior)) && !holds(identity.Admin) && !holds(identity.Auditor)
		assert.Equal(t, want, a.Decides(), "%v", a.Roles)
	})
}

func TestASeniorReviewerIsAlsoAReviewer(t *testing.T) {
	senior := identity.Actor{Roles: []identity.Role{identity.Senior}}
	assert.True(t, senior.Has(identity.Reviewer))
	reviewer := identity.Actor{Roles: []identity.Role{identity.Reviewer}}
	assert.False(t, reviewer.Has(identity.Senior))
}

func TestStaffAreReviewersAuditorsAndAdmins(t *testing.T) {
	for _, r := range everyRole {
		want := slices.Contains([]identity.Role{identity.Reviewer, identity.Senior, identity.Auditor, identity.Admin}, r)
		assert.Equal(t, want, identity.Actor{Roles: []identity.Role{r}}.IsStaff(), string(r))
	}
	assert.False(t, identity.Actor{}.IsStaff())
}

func TestOnlyTheCustomerOfAnAccountOwnsIt(t *testing.T) {
	combinations(func(a identity.Actor) {
		customer := slices.Contains(a.Roles, identity.Customer)
		assert.Equal(t, customer, a.Owns("acct"), "%v", a.Roles)
		assert.False(t, a.Owns("other"))
		assert.False(t, a.Owns(""))
	})
	nobody := identity.Actor{Roles: []identity.Role{identity.Customer}}
	assert.False(t, nobody.Owns(""), "no account is nobody's")
}

func TestATokenCannotCarrySystem(t *testing.T) {
	assert.False(t, identity.Known(identity.System))
	assert.False(t, identity.Known("root"))
	assert.False(t, identity.Known(""))
	for _, r := range identity.Roles {
		assert.True(t, identity.Known(r))
	}
}

func TestMainRoleIsTheMostPowerful(t *testing.T) {
	order := []identity.Role{identity.System, identity.Admin, identity.Auditor, identity.Senior, identity.Reviewer, identity.Integrator, identity.Customer}
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SliceOfDistinct(rapid.SampledFrom(order), rapid.ID).Draw(t, "roles")
		got := identity.Actor{Roles: roles}.MainRole()
		for _, r := range order {
			if slices.Contains(roles, r) {
				if got != r {
					t.Fatalf("%v: %s instead of %s", roles, got, r)
				}
				return
			}
		}
		if got != "" {
			t.Fatalf("nobody has the role %s", got)
		}
	})
}
