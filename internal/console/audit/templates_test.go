package audit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A refund's page says which refund it is and leads back to the search.
func TestWhereAHistoryIs(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	for locale, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		assert.Equal(t, "/audit", a.Find(".breadcrumb a").Attr("href"), locale)
		assert.Equal(t, r.ID, a.Find(".breadcrumb li[aria-current=page]").Text(), locale)
	}
}

// A row says from where it is known, exactly when it was, what became of what, and on which
// evidence.
func TestARowOfAHistory(t *testing.T) {
	o := open(t)
	r := o.rejected("p")
	entries, err := o.Entries(o.Ctx, r.ID)
	require.NoError(t, err)
	for locale, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		rows := a.All("#events tbody tr[data-source=audit]")
		assert.Len(t, a.All("#events .source-audit"), len(rows), locale)
		assert.Len(t, a.All("#events td time.exact"), len(rows), locale)
		assert.Len(t, a.All("#events details.evidence"), len(rows), locale)
		require.Len(t, rows, len(entries), locale)
		for i, e := range entries {
			assert.Equal(t, e.At.Format(time.RFC3339Nano), rows[i].Find(".exact").Attr("datetime"), locale)
		}
	}
	var became []string
	for _, e := range o.otto.Get("/audit/refunds/" + r.ID).All("#events .change strong") {
		became = append(became, e.Text())
	}
	assert.Contains(t, became, "Rejected")
}

// What is wrong with a criterion is said beside its field.
func TestAWrongCriterion(t *testing.T) {
	o := open(t)
	for locale, a := range o.sound("/audit?amount_from=much&currency=USD", http.StatusUnprocessableEntity) {
		assert.Len(t, a.All("p.problem"), 1, locale)
		assert.Equal(t, a.Find("p.problem").Attr("id"), a.Find("#amount_from").Attr("aria-describedby"), locale)
	}
}
