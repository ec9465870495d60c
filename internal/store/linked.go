package store

import (
	"context"

	"gorm.io/gorm"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// mostLinked is how many linked accounts a case names. Whoever shares a payer with more is a
// reseller's customer; who decides is looked at by hasPartIn, without a limit.
const mostLinked = 200

// sharing selects the other accounts that share something with an account, once for each
// thing shared. Each branch has its index; a phone without digits and an empty payer link
// nobody. A phone is compared by its key, the digits that are dialled, which the database
// works out. The account is given as an expression of ours; where it is an argument, three times.
func sharing(account string) string {
	branch := func(shares, on string) string {
		return "SELECT o.id, o.standing, '" + shares + "' AS shares FROM accounts a JOIN accounts o ON " + on + " AND o.id <> a.id WHERE a.id = " + account
	}
	return branch("email", "lower(o.email) = lower(a.email) AND a.email <> ''") + "\n\tUNION ALL " +
		branch("phone", "o.phone_key = a.phone_key AND o.phone_key <> ''") + "\n\tUNION ALL " +
		branch("payer", "o.payer = a.payer AND o.payer <> ''")
}

// rejectedRefund is the condition of a refund r that was rejected for a reason: that
// nothing was left to refund is none, and a rejection that an appeal reversed stands no more.
const rejectedRefund = "r.state = 'rejected' AND r.outcome <> '" + refund.OutcomeNothingToRefund + "' AND NOT " + reversed

// reversed is the condition that an appeal of refund r was credited.
const reversed = "EXISTS (SELECT 1 FROM refunds later WHERE later.appeal_of = r.id AND later.appeal_of <> '' AND later.state = 'credited')"

// linkedOf gives the accounts that share e-mail, phone or payer with the account, and
// everybody who ever filed for it or for one of them: their people decide nothing on its
// refunds. requestedBy, who filed the refund at hand, is among filedBy.
func linkedOf(tx *gorm.DB, accountID, requestedBy string) (linked, filedBy []string, err error) {
	err = tx.Raw("SELECT DISTINCT id FROM ("+sharing("?")+") shared ORDER BY id LIMIT ?", accountID, accountID, accountID, mostLinked).Scan(&linked).Error
	if err != nil {
		return nil, nil, err
	}
	err = tx.Raw("SELECT DISTINCT requested_by FROM refunds WHERE account_id IN ? ORDER BY requested_by", append([]string{accountID}, linked...)).Scan(&filedBy).Error
	if err != nil {
		return nil, nil, err
	}
	for _, subject := range filedBy {
		if subject == requestedBy {
			return linked, filedBy, nil
		}
	}
	return linked, append(filedBy, requestedBy), nil
}

// linkedTo is the condition that account o shares something with account a.
const linkedTo = "(lower(o.email) = lower(a.email) AND a.email <> '' OR o.phone_key = a.phone_key AND o.phone_key <> '' OR o.payer = a.payer AND o.payer <> '')"

// hasPartIn reports whether the actor's account is linked to the account, whether he ever
// filed for it or for one that is linked to it, or asked something in its name.
func hasPartIn(tx *gorm.DB, actor identity.Actor, accountID string) (bool, error) {
	var has bool
	err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM accounts a, accounts o WHERE a.id = ? AND o.id = ? AND `+linkedTo+`)
	OR EXISTS (SELECT 1 FROM refunds f JOIN accounts o ON o.id = f.account_id, accounts a
	            WHERE a.id = ? AND f.requested_by = ? AND (o.id = a.id OR `+linkedTo+`))
	OR EXISTS (SELECT 1 FROM tickets WHERE account_id = ? AND opened_by = ?)`,
		accountID, actor.AccountID, accountID, actor.Subject, accountID, actor.Subject).Scan(&has).Error
	return has, err
}

// barredOf gives those who voted on the refund that is appealed: an appeal is somebody else's to decide.
func barredOf(tx *gorm.DB, appealOf string) ([]identity.Actor, error) {
	if appealOf == "" {
		return nil, nil
	}
	var rows []struct{ Voter, VoterAccount string }
	if err := tx.Raw("SELECT DISTINCT voter, voter_account FROM decisions WHERE refund_id = ? ORDER BY voter", appealOf).Scan(&rows).Error; err != nil {
		return nil, err
	}
	voters := make([]identity.Actor, len(rows))
	for i, r := range rows {
		voters[i] = identity.Actor{Subject: r.Voter, AccountID: r.VoterAccount}
	}
	return voters, nil
}

// Linked implements desk.ReviewRecords: those with rejections or not in good standing first.
// A reseller's payer links thousands: those shown are chosen before anything is counted, by
// whether they were ever rejected and not by how often.
func (s *Store) Linked(ctx context.Context, accountID string, limit int) ([]desk.LinkedAccount, error) {
	var rows []struct {
		ID                  string
		Email, Phone, Payer bool
		Standing            string
		Refunds, Rejected   int64
	}
	err := s.read(ctx).Raw(`WITH shared AS (
	SELECT id, standing, max(CASE shares WHEN 'email' THEN 1 ELSE 0 END) AS email, max(CASE shares WHEN 'phone' THEN 1 ELSE 0 END) AS phone,
	       max(CASE shares WHEN 'payer' THEN 1 ELSE 0 END) AS payer
	  FROM (`+sharing("?")+`) x GROUP BY id, standing
), shown AS (
	SELECT * FROM shared
	 ORDER BY CASE WHEN EXISTS (SELECT 1 FROM refunds r WHERE r.account_id = shared.id AND `+rejectedRefund+`) THEN 0 ELSE 1 END, standing = 'good', id
	 LIMIT ?)
SELECT id, email = 1 AS email, phone = 1 AS phone, payer = 1 AS payer, standing,
       (SELECT count(*) FROM refunds r WHERE r.account_id = shown.id) AS refunds,
       (SELECT count(*) FROM refunds r WHERE r.account_id = shown.id AND `+rejectedRefund+`) AS rejected
  FROM shown
 ORDER BY rejected DESC, standing = 'good', id`, accountID, accountID, accountID, limit).Scan(&rows).Error
	if err != nil {
		return nil, classify(err)
	}
	out := make([]desk.LinkedAccount, len(rows))
	for i, r := range rows {
		out[i] = desk.LinkedAccount{AccountID: r.ID, Standing: refund.Standing(r.Standing), Refunds: r.Refunds, Rejected: r.Rejected}
		for _, what := range []struct {
			shared bool
			name   string
		}{{r.Email, "email"}, {r.Phone, "phone"}, {r.Payer, "payer"}} {
			if what.shared {
				out[i].Shares = append(out[i].Shares, what.name)
			}
		}
	}
	return out, nil
}
