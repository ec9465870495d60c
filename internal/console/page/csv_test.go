package page_test

import (
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/identity"
)

var reader = identity.Actor{Subject: "otto", Roles: []identity.Role{identity.Auditor}}

// download serves what do writes to whoever reads.
func download(t *testing.T, do func(c *page.Context) error) *pagetest.Browser {
	t.Helper()
	site := pagetest.NewSite(t, nil, pagetest.Options{Now: time.Now, Routes: []func(*page.Kit){func(k *page.Kit) {
		k.GET("/copy", do, identity.Auditor)
	}}})
	return site.As(reader)
}

func TestCellsAreInert(t *testing.T) {
	for cell, want := range map[string]string{
		"":                         "",
		"plain":                    "plain",
		"12.50":                    "12.50",
		"-12.50":                   "-12.50",
		"+7":                       "+7",
		"2026-03-01T12:00:00Z":     "2026-03-01T12:00:00Z",
		"refund/refund_01":         "refund/refund_01",
		"退款":                       "退款",
		"=1+1":                     "'=1+1",
		"=HYPERLINK(\"http://x\")": "'=HYPERLINK(\"http://x\")",
		"+1+1":                     "'+1+1",
		"-1-1":                     "'-1-1",
		"-":                        "'-",
		"+":                        "'+",
		"-+1":                      "'-+1",
		"-1.2.3":                   "'-1.2.3",
		"-2 USD":                   "'-2 USD",
		"@SUM(A1)":                 "'@SUM(A1)",
		" =1+1":                    "' =1+1",
		"\u00a0=1":                 "'\u00a0=1",
		"\u3000＝1":                 "'\u3000＝1",
		"＝1+1":                     "'＝1+1",
		"＋1":                       "'＋1",
		"＠x":                       "'＠x",
		"\ufeff=1":                 "'\ufeff=1",
		"\u200b=1":                 "'\u200b=1",
		"\"=1\"":                   "'\"=1\"",
		"'=1":                      "''=1",
		"\t=1":                     "'\t'=1",
		"\tx":                      "'\tx",
		"\r\n=cmd|' /C calc'!A0":   "'\r\n'=cmd|' /C calc'!A0",
		"|cmd":                     "'|cmd",
		"%0A=1":                    "'%0A=1",
		"a=1":                      "a=1",
		"x\n=1":                    "x\n'=1",
		"x;=1+1;y":                 "x;'=1+1;y",
		"x; @a;-5;+x":              "x;' @a;-5;'+x",
		"x\t-y":                    "x\t'-y",
		"large: 5; new: 7":         "large: 5; new: 7",
	} {
		assert.Equal(t, want, page.InertCell(cell), "%q", cell)
	}
}

func FuzzNoCellIsAFormula(f *testing.F) {
	for _, seed := range []string{"=1", " -x", "+1", "\t@", "'", "-1e5", "１", "a;=b", "a\n@b", ";;=", "\u200b;=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		got := page.InertCell(cell)
		if without := strings.NewReplacer("'", ""); without.Replace(got) != without.Replace(cell) {
			t.Fatalf("%q became %q", cell, got)
		}
		// Whatever separates cells where it is opened.
		for _, part := range strings.FieldsFunc(got, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
			if first := strings.TrimLeft(part, " \""); strings.HasPrefix(first, "=") || strings.HasPrefix(first, "@") {
				t.Fatalf("%q is a formula", got)
			}
		}
	})
}

func TestADownloadIsWhole(t *testing.T) {
	rows := 1000
	b := download(t, func(c *page.Context) error {
		w := page.CSV(c, `a "b" 报表.csv`)
		for range rows {
			if err := w.Write("x,y", "line\nbreak", `"quoted"`, "=1"); err != nil {
				return err
			}
		}
		return w.Close()
	})
	a := b.Get("/copy")
	assert.Equal(t, http.StatusOK, a.Status)
	assert.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
	assert.NotContains(t, a.Header.Get("Content-Disposition"), "\n")
	text, marked := strings.CutPrefix(a.Body, "\uFEFF")
	assert.True(t, marked)
	assert.True(t, strings.HasSuffix(text, "\r\n"))
	read, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, read, rows)
	assert.Equal(t, []string{"x,y", "line\nbreak", `"quoted"`, "'=1"}, read[0])
}

func TestADownloadThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	b := download(t, func(c *page.Context) error {
		w := page.CSV(c, "a.csv")
		for range 1000 {
			if err := w.Write("x"); err != nil {
				return err
			}
		}
		page.BreakOff(c, errors.New("the database went away"))
		return nil
	})
	server := b.Serve()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/copy", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	_, err = io.ReadAll(answer.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestADownloadEndsWithItsReader(t *testing.T) {
	gone := make(chan error, 1)
	b := download(t, func(c *page.Context) error {
		w := page.CSV(c, "a.csv")
		for {
			if err := w.Write(strings.Repeat("x", 1000)); err != nil {
				gone <- err
				return err
			}
		}
	})
	server := b.Serve()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/copy", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Error(t, <-gone)
}

// lines are what is written, one by one.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// Whose reader went away is nobody's failure; what broke off for another reason is one.
func TestOnlyFailuresAreLoggedAsFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		level string
		fails bool
	}{"the reader left": {level: "level=INFO"}, "the database left": {level: "level=ERROR", fails: true}} {
		t.Run(name, func(t *testing.T) {
			logged := make(lines, 1)
			site := pagetest.NewSite(t, nil, pagetest.Options{Now: time.Now, Routes: []func(*page.Kit){func(k *page.Kit) {
				k.Log = slog.New(slog.NewTextHandler(logged, nil))
				k.GET("/copy", func(c *page.Context) error {
					w := page.CSV(c, "a.csv")
					err := w.Write(strings.Repeat("x", 1000))
					for err == nil && !tc.fails {
						err = w.Write(strings.Repeat("x", 1000))
					}
					page.BreakOff(c, errors.Join(err, errors.New("the copy broke off")))
					return nil
				}, identity.Auditor)
			}}})
			server := site.As(reader).Serve()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/copy", nil)
			require.NoError(t, err)
			answer, err := http.DefaultClient.Do(r)
			if err == nil && !tc.fails { // a failure comes before anything was sent
				require.NoError(t, answer.Body.Close())
			}
			line := <-logged
			assert.Contains(t, line, tc.level)
			assert.Contains(t, line, "the copy broke off")
		})
	}
}
