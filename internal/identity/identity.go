// Package identity says who acts: a person or program with roles, known by an opaque id.
package identity

import "slices"

// Role is what somebody may do. A person can hold several.
type Role string

// The roles of DESIGN section 2.
const (
	Customer   Role = "customer"        // sees and files for one account only
	Reviewer   Role = "reviewer"        // decides flagged refunds
	Senior     Role = "senior_reviewer" // is a reviewer, with a higher limit
	Auditor    Role = "auditor"         // reads everything, writes nothing
	Admin      Role = "admin"           // policy, standing, people; neither approves nor credits
	Integrator Role = "integrator"      // a program: accounts, purchases, usage, disputes
	System     Role = "system"          // RefundDesk itself; never in a token
)

// Roles are those a token may carry.
var Roles = []Role{Customer, Reviewer, Senior, Auditor, Admin, Integrator}

// Known reports whether a token may carry the role.
func Known(r Role) bool { return slices.Contains(Roles, r) }

// Actor is who does something.
type Actor struct {
	Subject   string // opaque id from the issuer
	Roles     []Role
	AccountID string // the customer's own account, or the account a member of staff owns
}

// Desk is RefundDesk acting by itself: screening, crediting, timers.
var Desk = Actor{Subject: "refunddesk", Roles: []Role{System}}

// Has reports whether the actor holds any of the roles. A senior reviewer is also a reviewer.
func (a Actor) Has(roles ...Role) bool {
	for _, r := range roles {
		if slices.Contains(a.Roles, r) || (r == Reviewer && slices.Contains(a.Roles, Senior)) {
			return true
		}
	}
	return false
}

// IsStaff reports whether the actor works for the operator and may read every case.
func (a Actor) IsStaff() bool { return a.Has(Reviewer, Senior, Auditor, Admin) }

// Decides reports whether the actor may decide cases at all. Whoever holds admin or
// auditor decides nothing, whatever else he holds.
func (a Actor) Decides() bool { return a.Has(Reviewer) && !a.Has(Admin, Auditor) }

// Owns reports whether the actor is the customer of the account.
func (a Actor) Owns(accountID string) bool {
	return a.Has(Customer) && accountID != "" && a.AccountID == accountID
}

// SamePerson reports whether two sign-ins are one person's, as far as can be known: the same
// subject, or the same account behind two of them.
func (a Actor) SamePerson(b Actor) bool {
	return a.Subject == b.Subject || (a.AccountID != "" && a.AccountID == b.AccountID)
}

// MainRole is the role written beside the actor in the audit log: the most powerful one.
func (a Actor) MainRole() Role {
	for _, r := range []Role{System, Admin, Auditor, Senior, Reviewer, Integrator, Customer} {
		if slices.Contains(a.Roles, r) {
			return r
		}
	}
	return ""
}
