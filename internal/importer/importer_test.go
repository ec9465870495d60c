package importer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/importer"
	"refunddesk/internal/importer/importertest"
	"refunddesk/internal/refund"
)

const (
	accountsHeader = "id,name,email,phone,payer,locale,standing,standing_reason,registered_at"
	packagesHeader = "id,account_id,product,name,currency,paid,face,purchased_at,expires_at,auto_renew,dispute"
	usageHeader    = "id,package_id,cost,occurred_at"

	oneAccount = "acct_1,\"Harbour, \"\"Finch\"\" & Söhne\",ops@example.com,+4915112345678,pay_1,zh-Hans,good,,2025-01-02T03:04:05+08:00"
	onePackage = "pkg_1,acct_1,global-sms,国际短信 100,USD,80,100.000000,2026-01-01T00:00:00Z,,true,none"
	oneUsage   = "use_1,pkg_1,12.5,2026-02-01T00:00:00.123456789Z"
)

// export makes the three files; an empty one keeps its good line.
type export struct{ accounts, packages, usage string }

func files(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func good() export {
	return export{files(accountsHeader, oneAccount), files(packagesHeader, onePackage), files(usageHeader, oneUsage)}
}

func (e export) options(target importer.Target, out *bytes.Buffer) importer.Options {
	return importer.Options{
		Accounts: "accounts.csv", Packages: "packages.csv", Usage: "usage.csv", Target: target, Out: out,
		FS: fstest.MapFS{
			"accounts.csv": {Data: []byte(e.accounts)}, "packages.csv": {Data: []byte(e.packages)}, "usage.csv": {Data: []byte(e.usage)},
		},
	}
}

func (e export) run(t *testing.T, target importer.Target) (importer.Summary, string, error) {
	t.Helper()
	var out bytes.Buffer
	summary, err := importer.Run(t.Context(), e.options(target, &out))
	return summary, out.String(), err
}

func TestAnExportArrivesAsItIs(t *testing.T) {
	m := importertest.New()
	summary, out, err := good().run(t, m)
	require.NoError(t, err)
	one := importer.Result{New: 1}
	require.Equal(t, importer.Summary{Accounts: one, Packages: one, Usage: one}, summary)
	require.Equal(t, "accounts.csv: 1 new, 0 already there\npackages.csv: 1 new, 0 already there\nusage.csv: 1 new, 0 already there\n", out)

	require.Equal(t, refund.Account{
		ID: "acct_1", Name: `Harbour, "Finch" & Söhne`, Email: "ops@example.com", Phone: "+4915112345678", Payer: "pay_1",
		Locale: "zh-Hans", Standing: refund.Good, RegisteredAt: time.Date(2025, 1, 1, 19, 4, 5, 0, time.UTC),
	}, m.Accounts["acct_1"])
	require.Equal(t, refund.Package{
		ID: "pkg_1", AccountID: "acct_1", Product: refund.GlobalSMS, Name: "国际短信 100", Currency: "USD",
		Paid: 80_000_000, Face: 100_000_000, Remaining: 87_500_000, Recorded: refund.Active, Dispute: refund.NoDispute, AutoRenew: true,
		PurchasedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}, m.Packages["pkg_1"])
	u := m.Usage["use_1"]
	require.Equal(t, int64(12_500_000), u.Cost)
	require.Equal(t, "USD", u.Currency)
	require.Equal(t, time.Date(2026, 2, 1, 0, 0, 0, 123456000, time.UTC), u.OccurredAt, "to the microsecond")
}

func TestTheSameFilesAgainChangeNothing(t *testing.T) {
	m := importertest.New()
	_, _, err := good().run(t, m)
	require.NoError(t, err)
	wrote := m.Wrote
	summary, out, err := good().run(t, m)
	require.NoError(t, err)
	require.Equal(t, importer.Result{Same: 1}, summary.Usage)
	require.Contains(t, out, "usage.csv: 0 new, 1 already there")
	require.Equal(t, wrote, m.Wrote)
	require.Equal(t, int64(87_500_000), m.Packages["pkg_1"].Remaining)
}

func TestWhatSpreadsheetsDoIsTolerated(t *testing.T) {
	e := good()
	e.accounts = "\ufeff" + strings.ReplaceAll(e.accounts, "\n", "\r\n")
	e.packages = strings.TrimSuffix(e.packages, "\n")
	e.usage = files("occurred_at,messages,country,id,cost,package_id", "", "2026-02-01T00:00:00Z,125,CA,use_1,1.975,pkg_1", "", "2026-02-01T00:00:00Z,,,use_2,1,pkg_1")
	m := importertest.New()
	summary, out, err := e.run(t, m)
	require.NoError(t, err, out)
	require.Equal(t, 2, summary.Usage.New)
}

// Each case spoils one file and says where and how that is reported.
func TestBadLines(t *testing.T) {
	account := func(line string) func(*export) {
		return func(e *export) { e.accounts = files(accountsHeader, oneAccount, line) }
	}
	pkg := func(line string) func(*export) {
		return func(e *export) { e.packages = files(packagesHeader, onePackage, line) }
	}
	use := func(lines ...string) func(*export) {
		return func(e *export) { e.usage = files(append([]string{usageHeader, oneUsage}, lines...)...) }
	}
	cases := []struct {
		name  string
		spoil func(*export)
		want  []string
	}{
		{"empty file", func(e *export) { e.accounts = "" }, []string{"accounts.csv: is empty; its first line must be the header " + accountsHeader}},
		{"missing column", func(e *export) { e.usage = files("id,cost,occurred_at", "use_1,1,2026-02-01T00:00:00Z") }, []string{"usage.csv:1: package_id: is missing"}},
		{"unknown column", func(e *export) { e.usage = files(usageHeader+",Währung", oneUsage+",USD") }, []string{`usage.csv:1:32: "Währung" is no column of this file`}},
		{"column twice", func(e *export) { e.usage = files(usageHeader+",cost", oneUsage+",1") }, []string{"usage.csv:1:32: cost: is there twice"}},
		{"header of another file", func(e *export) { e.usage = e.packages }, []string{`usage.csv:1:4: "account_id" is no column`}},
		{"too few cells", account("acct_2,Lin"), []string{"accounts.csv:3: has 2 columns where the header has 9"}},
		{"too many cells", use("use_2,pkg_1,1,2026-02-01T00:00:00Z,x"), []string{"usage.csv:3: has 5 columns where the header has 4"}},
		{"invalid UTF-8", account("acct_2,北京\xff公司,a@example.com,,,en,good,,2025-01-01T00:00:00Z"), []string{"accounts.csv:3:10: is not UTF-8"}},
		{"UTF-16 header", func(e *export) { e.usage = "\xff\xfei\x00d\x00" }, []string{"usage.csv:1:1: is not UTF-8"}},
		{"quote not closed", account(`acct_2,"Lin,a@example.com,,,en,good,,2025-01-01T00:00:00Z`), []string{"accounts.csv:3:8: opens a quote that is not closed on this line"}},
		{"quote in the middle", account(`acct_2,公"司",a@example.com,,,en,good,,2025-01-01T00:00:00Z`), []string{"accounts.csv:3:9: has a quote inside a value"}},
		{"text behind a quote", account(`acct_2,"Lin"x,a@example.com,,,en,good,,2025-01-01T00:00:00Z`), []string{"accounts.csv:3:13: has something between a closing quote and the comma"}},
		{"control character", account("acct_2,Lin\x00Wei,a@example.com,,,en,good,,2025-01-01T00:00:00Z"), []string{"accounts.csv:3:8: name: has a control character"}},
		{"bare carriage return", account("acct_2,Lin\rWei,a@example.com,,,en,good,,2025-01-01T00:00:00Z"), []string{"accounts.csv:3:8: name: has a control character"}},
		{"endless line", use("use_2," + strings.Repeat("x", 200_000)), []string{"usage.csv:3: is longer than 65536 bytes"}},
		{"bad id", account("-acct,Lin,a@example.com,,,en,good,,2025-01-01T00:00:00Z"), []string{`accounts.csv:3:1: id: "-acct" is no id`}},
		{"id twice", account(oneAccount), []string{`accounts.csv:3:1: id: "acct_1" is the id of line 2 already`}},
		{"no name", account("acct_2,  ,a@example.com,,,en,good,,2025-01-01T00:00:00Z"), []string{"accounts.csv:3:8: name: is empty"}},
		{"long name", account("acct_2," + strings.Repeat("界", 201) + ",a@example.com,,,en,good,,2025-01-01T00:00:00Z"), []string{"accounts.csv:3:8: name: has 201 characters; 200 are the most"}},
		{"bad mail", account("acct_2,林伟,Lin <a@example.com>,,,en,good,,2025-01-01T00:00:00Z"), []string{"accounts.csv:3:11: email: is not a mail address"}},
		{"bad phone", account("acct_2,Lin,a@example.com,call me,,en,good,,2025-01-01T00:00:00Z"), []string{"phone: is not a telephone number"}},
		{"bad locale", account("acct_2,Lin,a@example.com,,,fr,good,,2025-01-01T00:00:00Z"), []string{`locale: "fr" is not one of en, zh-Hans`}},
		{"bad standing", account("acct_2,Lin,a@example.com,,,en,bad,,2025-01-01T00:00:00Z"), []string{`standing: "bad" is not one of good, suspended, terminated`}},
		{"suspended without a reason", account("acct_2,Lin,a@example.com,,,en,suspended,,2025-01-01T00:00:00Z"), []string{"standing_reason: is empty"}},
		{"bad time", account("acct_2,Lin,a@example.com,,,en,good,,2025-01-01 00:00"), []string{`registered_at: "2025-01-01 00:00" is not an RFC 3339 time`}},
		{"day that is none", account("acct_2,Lin,a@example.com,,,en,good,,2025-02-30T00:00:00Z"), []string{"registered_at: "}},
		{"two faults of one line", account("acct 2,Lin,nobody,,,en,good,,2025-01-01T00:00:00Z"), []string{"accounts.csv:3:1: id:", "accounts.csv:3:12: email:"}},

		{"unknown account", pkg("pkg_2,acct_9,global-sms,SMS,USD,1,1,2026-01-01T00:00:00Z,,false,none"), []string{`packages.csv:3:7: account_id: "acct_9" is no account`}},
		{"unknown product", pkg("pkg_2,acct_1,voice,SMS,USD,1,1,2026-01-01T00:00:00Z,,false,none"), []string{`product: "voice" is not one of global-sms`}},
		{"unknown currency", pkg("pkg_2,acct_1,global-sms,SMS,US$,1,1,2026-01-01T00:00:00Z,,false,none"), []string{`currency: "US$" is not an ISO 4217 currency code`}},
		{"amount with a comma", pkg(`pkg_2,acct_1,global-sms,SMS,USD,"1,5",2,2026-01-01T00:00:00Z,,false,none`), []string{`packages.csv:3:33: paid: "1,5" is not a decimal number`}},
		{"seven decimals", pkg("pkg_2,acct_1,global-sms,SMS,USD,1.0000001,2,2026-01-01T00:00:00Z,,false,none"), []string{"paid: \"1.0000001\" has more than six decimals"}},
		{"negative price", pkg("pkg_2,acct_1,global-sms,SMS,USD,-1,2,2026-01-01T00:00:00Z,,false,none"), []string{`paid: "-1" is below zero`}},
		{"amount beyond reason", pkg("pkg_2,acct_1,global-sms,SMS,USD,1,1000000000000,2026-01-01T00:00:00Z,,false,none"), []string{"face: \"1000000000000\" is too large"}},
		{"overflow", pkg("pkg_2,acct_1,global-sms,SMS,USD,1,99999999999999999999,2026-01-01T00:00:00Z,,false,none"), []string{"face: \"99999999999999999999\" is too large"}},
		{"face below price", pkg("pkg_2,acct_1,global-sms,SMS,USD,2,1,2026-01-01T00:00:00Z,,false,none"), []string{"face: is below the price paid"}},
		{"no balance", pkg("pkg_2,acct_1,global-sms,SMS,USD,0,0,2026-01-01T00:00:00Z,,false,none"), []string{"face: is zero"}},
		{"expired before bought", pkg("pkg_2,acct_1,global-sms,SMS,USD,1,1,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,false,none"), []string{"expires_at: is not after purchased_at"}},
		{"yes is no truth", pkg("pkg_2,acct_1,global-sms,SMS,USD,1,1,2026-01-01T00:00:00Z,,yes,none"), []string{`auto_renew: "yes" is not one of true, false`}},
		{"bad dispute", pkg("pkg_2,acct_1,global-sms,SMS,USD,1,1,2026-01-01T00:00:00Z,,false,"), []string{`dispute: "" is not one of none, open, lost, won`}},

		{"unknown package", use("use_2,pkg_9,1,2026-02-01T00:00:00Z"), []string{`usage.csv:3:7: package_id: "pkg_9" is no package`}},
		{"free usage", use("use_2,pkg_1,0,2026-02-01T00:00:00Z"), []string{"usage.csv:3:13: cost: is zero"}},
		{"before the purchase", use("use_2,pkg_1,1,2025-12-31T23:59:59Z"), []string{"usage.csv:3:15: occurred_at: is before the purchase of the package at 2026-01-01T00:00:00Z"}},
		{"beyond the balance", use("use_2,pkg_1,80,2026-02-01T00:00:00Z", "use_3,pkg_1,7.500001,2026-02-01T00:00:00Z", "use_4,pkg_1,7.5,2026-02-01T00:00:00Z"), []string{"usage.csv:4:13: cost: is more than the 7.500000 USD left of the package by the lines before; it held 100.000000 USD"}},
		{"usage twice", use(oneUsage), []string{`usage.csv:3:1: id: "use_1" is the id of line 2 already`}},
		{"bad country and count", func(e *export) { e.usage = files(usageHeader+",country,messages", oneUsage+",can,-1") }, []string{"country: ", "messages: "}},
		{"after the expiry", func(e *export) {
			e.packages = files(packagesHeader, strings.Replace(onePackage, ",,true", ",2026-01-31T00:00:00Z,true", 1))
		}, []string{"usage.csv:2:18: occurred_at: is not before the package expired at 2026-01-31T00:00:00Z"}},
		{"a bad package is reported once, not with all its usage", func(e *export) {
			e.packages = files(packagesHeader, strings.Replace(onePackage, "USD", "XXQ", 1))
		}, []string{"packages.csv:2:34: currency:"}},
		{"a bad account is reported once, not with all its packages", func(e *export) {
			e.accounts = files(accountsHeader, strings.Replace(oneAccount, "good", "fine", 1))
		}, []string{"accounts.csv:2:82: standing:"}},
		{"all files in one go", func(e *export) {
			e.accounts += "acct_2\n"
			e.packages += "pkg_2\n"
			e.usage += "use_2\n"
		}, []string{"accounts.csv:3:", "packages.csv:3:", "usage.csv:3:"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := good()
			c.spoil(&e)
			m := importertest.New()
			_, out, err := e.run(t, m)
			require.Equal(t, "import-refused", fault.CodeOf(err))
			var problems *importer.Problems
			require.ErrorAs(t, err, &problems)
			require.Contains(t, out, problems.Error())
			require.Empty(t, m.Accounts)
			require.Empty(t, m.Packages)
			require.Empty(t, m.Usage)
			for _, personal := range []string{"Lin", "林伟", "a@example.com", "call me"} {
				require.NotContains(t, out, personal)
			}
			for _, want := range c.want {
				require.Contains(t, out, want)
			}
			if c.name != "header of another file" {
				require.Len(t, problems.List, len(c.want), out)
			}
		})
	}
}

func TestManyProblemsAreCountedAndNotAllListed(t *testing.T) {
	e := good()
	e.usage = usageHeader + "\n" + strings.Repeat("x\n", 2500)
	_, out, err := e.run(t, importertest.New())
	require.ErrorContains(t, err, "2500 problems")
	require.Equal(t, 101, strings.Count(out, "\n"))
	require.Contains(t, out, "… and 2400 more")
}

func TestRowsThatTheTargetRefusesAreReportedWithTheirLines(t *testing.T) {
	m := importertest.New()
	_, _, err := good().run(t, m)
	require.NoError(t, err)
	frozen := m.Packages["pkg_1"]
	frozen.Recorded = refund.Frozen
	m.Packages["pkg_1"] = frozen

	e := good()
	e.accounts += "acct_2,Lin,a@example.com,,,en,good,,2025-01-01T00:00:00Z\n"
	e.usage = files(usageHeader, strings.Replace(oneUsage, "12.5", "12.6", 1), "", "use_2,pkg_1,1,2026-02-01T00:00:00Z")
	_, out, err := e.run(t, m)
	require.Equal(t, "import-refused", fault.CodeOf(err))
	require.ErrorContains(t, err, "nothing of usage.csv was written")
	require.Contains(t, out, "usage.csv:2: usage-mismatch: ")
	require.Contains(t, out, "usage.csv:4: package-frozen: ", "an empty line counts")
	require.Len(t, m.Accounts, 2, "the files before stay")
	require.Len(t, m.Usage, 1)
}

func TestAccountsAndPackagesMayBeThereAlready(t *testing.T) {
	m := importertest.New()
	_, _, err := good().run(t, m)
	require.NoError(t, err)
	o := export{usage: files(usageHeader, "use_7,pkg_1,1,2026-03-01T00:00:00Z")}.options(m, &bytes.Buffer{})
	o.Accounts, o.Packages = "", ""
	summary, err := importer.Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, importer.Summary{Usage: importer.Result{New: 1}}, summary)
}

func TestUnreadableFilesAndBrokenTargets(t *testing.T) {
	m := importertest.New()
	_, err := importer.Run(t.Context(), importer.Options{Accounts: filepath.Join(t.TempDir(), "none.csv"), Target: m})
	require.Equal(t, "import-unreadable", fault.CodeOf(err))
	require.ErrorContains(t, err, "none.csv cannot be read")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = importer.Run(t.Context(), importer.Options{Accounts: t.TempDir(), Target: m})
	require.Equal(t, "import-unreadable", fault.CodeOf(err))

	away := fault.New(fault.Unavailable, "database-away", "The database does not answer.")
	m.Fail = away
	_, _, err = good().run(t, m)
	require.ErrorIs(t, err, away)

	m.Fail = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = importer.Run(ctx, good().options(m, &bytes.Buffer{}))
	require.ErrorIs(t, err, context.Canceled)
}

func TestFilesOfTheMachineAndABar(t *testing.T) {
	e, dir := good(), t.TempDir()
	for name, content := range map[string]string{"a.csv": e.accounts, "p.csv": e.packages, "u.csv": e.usage} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	var out bytes.Buffer
	_, err := importer.Run(t.Context(), importer.Options{
		Accounts: filepath.Join(dir, "a.csv"), Packages: filepath.Join(dir, "p.csv"), Usage: filepath.Join(dir, "u.csv"),
		Target: importertest.New(), Out: &out, Progress: true,
	})
	require.NoError(t, err)
	require.Contains(t, out.String(), "writing u.csv")
	require.Contains(t, out.String(), "u.csv: 1 new, 0 already there\n")
}

func TestAHundredThousandLines(t *testing.T) {
	const n = 100_000
	e := good()
	e.packages = files(packagesHeader, strings.Replace(onePackage, "80,100.000000", "80,1000000", 1))
	var b strings.Builder
	b.WriteString(usageHeader + ",country,messages\n")
	for i := range n {
		fmt.Fprintf(&b, "use_%06d,pkg_1,1.250000,2026-02-01T00:00:00Z,CA,12\n", i)
	}
	e.usage = b.String()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	counter := &counting{Memory: importertest.New()}
	_, _, err := e.run(t, counter)
	require.NoError(t, err)
	require.Equal(t, n, counter.rows)
	require.Less(t, time.Since(began), 20*time.Second, "seconds would do; a slow machine gets more")
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d lines in %v, %d MiB allocated in all", n, time.Since(began), (after.TotalAlloc-before.TotalAlloc)>>20)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200<<20))
}

// counting takes usage without keeping it, so that the test measures the reading.
type counting struct {
	*importertest.Memory
	rows int
}

func (c *counting) ImportUsage(_ context.Context, rows []desk.UsageRecord, progress func(int)) (importer.Result, error) {
	c.rows = len(rows)
	progress(len(rows))
	return importer.Result{New: len(rows)}, nil
}

func FuzzNoLinePanicsOrIsHalfWritten(f *testing.F) {
	for _, seed := range []string{oneUsage, `"use_2","pkg_1","1","2026-02-01T00:00:00Z"`, `a,"b`, "\xff,\xfe", `"",,,`, "use_2,pkg_1,1e5,2026-02-01T00:00:00Z", `"a""b",,,`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e := good()
		e.usage = files(usageHeader, oneUsage, line)
		m := importertest.New()
		var out bytes.Buffer
		_, err := importer.Run(context.Background(), e.options(m, &out))
		if err == nil {
			return
		}
		var problems *importer.Problems
		if !errors.As(err, &problems) || problems.Total == 0 || len(m.Accounts) != 0 {
			t.Fatalf("%v\n%s", err, out.String())
		}
		for _, p := range problems.List {
			if p.Line < 1 || p.Char < 0 || p.Reason == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}
