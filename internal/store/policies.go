package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
)

// A policy is written once; putting a version in force is a row of its own, and the newest
// of those rows says which version is in force.

type policyRow struct {
	Version     int64
	Source      string
	Digest      string
	CreatedBy   string
	CreatedAt   time.Time
	PublishedBy *string // of its last activation
	PublishedAt *time.Time
	InForce     int64
}

func (r policyRow) domain() desk.PolicyVersion {
	v := desk.PolicyVersion{
		Version: versionOf(r.Version), State: desk.PolicyDraft, Source: r.Source, Digest: r.Digest,
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.UTC(), PublishedAt: utc(r.PublishedAt),
	}
	if r.PublishedBy != nil {
		v.State, v.PublishedBy = desk.PolicySuperseded, *r.PublishedBy
	}
	if r.InForce == r.Version {
		v.State = desk.PolicyPublished
	}
	return v
}

const inForce = "(SELECT version FROM policy_activations ORDER BY n DESC LIMIT 1)"

// policyList reads versions without their sources, which can be of 1 MiB each.
const policyList = `SELECT p.version, p.digest, p.created_by, p.created_at, a.by AS published_by, a.at AS published_at,
       coalesce(` + inForce + `, 0) AS in_force
  FROM policies p
  LEFT JOIN policy_activations a ON a.n = (SELECT max(n) FROM policy_activations WHERE version = p.version)`

// policyQuery reads whole versions.
var policyQuery = strings.Replace(policyList, "SELECT ", "SELECT p.source, ", 1)

func versionOf(n int64) string { return strconv.FormatInt(n, 10) }

// versionNumber reads a version as it is written; ok is false for what is none of ours.
func versionNumber(version string) (n int64, ok bool) {
	n, err := strconv.ParseInt(version, 10, 64)
	return n, err == nil && n > 0 && versionOf(n) == version
}

// Policies implements desk.PolicyRecords.
func (s *Store) Policies(ctx context.Context, p desk.Paging) (desk.Page[desk.PolicyVersion], error) {
	return s.policies(ctx, policyQuery, p)
}

// PolicyVersions implements desk.PolicyRecords.
func (s *Store) PolicyVersions(ctx context.Context, p desk.Paging) (desk.Page[desk.PolicyVersion], error) {
	return s.policies(ctx, policyList, p)
}

func (s *Store) policies(ctx context.Context, query string, p desk.Paging) (desk.Page[desk.PolicyVersion], error) {
	var where conditions
	if p.Cursor != "" {
		c, err := parseCursor(p.Cursor)
		if err != nil {
			return desk.Page[desk.PolicyVersion]{}, err
		}
		before, ok := versionNumber(c.ID)
		if !ok {
			return desk.Page[desk.PolicyVersion]{}, errCursor()
		}
		where.add("p.version < ?", before)
	}
	limit := limitOf(p)
	var rows []policyRow
	if err := s.read(ctx).Raw(query+where.sql()+" ORDER BY p.version DESC LIMIT ?", append(where.args, limit+1)...).Scan(&rows).Error; err != nil {
		return desk.Page[desk.PolicyVersion]{}, classify(err)
	}
	return pageOf(rows, limit, policyRow.domain, func(r policyRow) cursor { return cursor{ID: versionOf(r.Version)} }), nil
}

// PolicyVersion implements desk.PolicyRecords.
func (s *Store) PolicyVersion(ctx context.Context, version string) (desk.PolicyVersion, error) {
	v, err := policyOf(s.read(ctx), version)
	return v, classify(err)
}

func policyOf(tx *gorm.DB, version string) (desk.PolicyVersion, error) {
	where, args := " WHERE p.version = "+inForce, []any(nil)
	if version != "" {
		n, ok := versionNumber(version)
		if !ok {
			return desk.PolicyVersion{}, desk.Missing(audit.ObjectPolicy, version)
		}
		where, args = " WHERE p.version = ?", []any{n}
	}
	var row policyRow
	if err := tx.Raw(policyQuery+where, args...).Scan(&row).Error; err != nil {
		return desk.PolicyVersion{}, err
	}
	if row.Version == 0 {
		return desk.PolicyVersion{}, desk.Missing(audit.ObjectPolicy, version)
	}
	return row.domain(), nil
}

// PolicySource reads what policy.NewShelf compiles.
func (s *Store) PolicySource(ctx context.Context, version string) (string, error) {
	v, err := s.PolicyVersion(ctx, version)
	return v.Source, err
}

// DraftPolicy implements desk.PolicyRecords.
func (s *Store) DraftPolicy(ctx context.Context, by identity.Actor, source, digest string) (desk.PolicyVersion, error) {
	var out desk.PolicyVersion
	err := s.write(ctx, func(tx *gorm.DB) (err error) {
		out, err = s.draft(ctx, tx, by, source, digest)
		return err
	})
	return out, err
}

func (s *Store) draft(ctx context.Context, tx *gorm.DB, by identity.Actor, source, digest string) (desk.PolicyVersion, error) {
	v := desk.PolicyVersion{State: desk.PolicyDraft, Source: source, Digest: digest, CreatedBy: by.Subject, CreatedAt: s.now()}
	var n int64
	err := tx.Raw("INSERT INTO policies (source, digest, created_by, created_at) VALUES (?, ?, ?, ?) RETURNING version",
		v.Source, v.Digest, v.CreatedBy, v.CreatedAt).Scan(&n).Error
	if err != nil {
		return v, err
	}
	v.Version = versionOf(n)
	return v, writeEntries(tx, policyEntry(ctx, by, audit.PolicyDrafted, v, ""))
}

func policyEntry(ctx context.Context, by identity.Actor, action audit.Action, v desk.PolicyVersion, old desk.PolicyState) audit.Entry {
	return audit.Entry{
		Actor: by.Subject, Role: by.MainRole(), Action: action, Object: audit.ObjectPolicy, ObjectID: v.Version,
		OldState: string(old), NewState: string(v.State), PolicyVersion: v.Version, DecisionDigest: v.Digest, RequestID: audit.RequestOf(ctx),
	}
}

// policyLock is the advisory lock of whoever changes which policy is in force: they take turns.
const policyLock = 7_265_667_001

func (s *Store) lockPolicies(tx *gorm.DB) error {
	if s.dialect != Postgres {
		return nil
	}
	return tx.Exec("SELECT pg_advisory_xact_lock(?)", int64(policyLock)).Error
}

// PublishPolicy implements desk.PolicyRecords.
func (s *Store) PublishPolicy(ctx context.Context, by identity.Actor, version, over string) (desk.PolicyVersion, error) {
	var out desk.PolicyVersion
	err := s.write(ctx, func(tx *gorm.DB) error {
		if version == "" { // would be the one in force
			return desk.Missing(audit.ObjectPolicy, version)
		}
		if err := s.lockPolicies(tx); err != nil {
			return err
		}
		v, err := policyOf(tx, version)
		if err != nil {
			return err
		}
		out = v
		if v.State == desk.PolicyPublished {
			return nil
		}
		if over != "" {
			before, err := policyOf(tx, "")
			if err != nil {
				return err
			}
			if before.Version != over {
				return desk.ErrPolicyChanged
			}
		}
		out, err = s.activate(ctx, tx, by, v)
		return err
	})
	return out, err
}

func (s *Store) activate(ctx context.Context, tx *gorm.DB, by identity.Actor, v desk.PolicyVersion) (desk.PolicyVersion, error) {
	now, old := s.now(), v.State
	n, _ := versionNumber(v.Version) // read from the record
	if err := tx.Exec("INSERT INTO policy_activations (version, by, at) VALUES (?, ?, ?)", n, by.Subject, now).Error; err != nil {
		return v, err
	}
	v.State, v.PublishedBy, v.PublishedAt = desk.PolicyPublished, by.Subject, &now
	return v, writeEntries(tx, policyEntry(ctx, by, audit.PolicyPublished, v, old))
}

// seedPolicy puts the policy that the program ships with in force where none ever was.
func (s *Store) seedPolicy(ctx context.Context) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		if err := s.lockPolicies(tx); err != nil {
			return err
		}
		var activations int64
		if err := tx.Raw("SELECT count(*) FROM policy_activations").Scan(&activations).Error; err != nil || activations > 0 {
			return err
		}
		v, err := s.draft(ctx, tx, identity.Desk, string(policy.DefaultSource), policy.DigestOf(policy.DefaultSource))
		if err != nil {
			return err
		}
		_, err = s.activate(ctx, tx, identity.Desk, v)
		return err
	})
}

// Note implements desk.PolicyRecords.
func (s *Store) Note(ctx context.Context, e audit.Entry) error { return s.Refuse(ctx, e) }
