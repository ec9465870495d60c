package page_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/words"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
)

// What is recorded, and what rules are written over, is shown: a fact that comes later too.
func TestEveryFactIsShown(t *testing.T) {
	want := map[string]bool{}
	recorded := reflect.TypeFor[policy.Facts]()
	for i := range recorded.NumField() {
		name, _, _ := strings.Cut(recorded.Field(i).Tag.Get("json"), ",")
		want[name] = true
	}
	for _, f := range policy.FactTable() {
		want[f.Name] = true
	}
	for _, shownOtherwise := range []string{"at", "unknown", "currency", "account_age_days", "purchase_age_days"} {
		delete(want, shownOtherwise)
	}
	catalogue, err := words.Load()
	require.NoError(t, err)
	for _, locale := range words.Locales {
		v := &page.View{Words: catalogue.In(locale)}
		got := map[string]bool{}
		for _, f := range page.FactsOf(v, policy.Facts{Amount: money.Of(1, "USD")}) {
			got[f.Name] = true
			assert.NotEqual(t, f.Name, f.Label, "words for it in %s", locale)
			assert.False(t, f.Unknown)
		}
		assert.Equal(t, want, got)
	}
}

// What is worked out from something unknown is not known, and no number stands for it.
func TestAnUnknownFactIsNotANumber(t *testing.T) {
	catalogue, err := words.Load()
	require.NoError(t, err)
	v := &page.View{Words: catalogue.In("en")}
	for source, shares := range map[string][]string{
		"usage_14d": {"usage_14d", "usage_ratio"}, "purchased_90d": {"purchased_90d", "refunded_share_90d"},
		"returned_of_90d": {"returned_of_90d", "refunded_share_90d"}, "consumed": {"consumed", "consumed_share"}, "rejections": {"rejections"},
	} {
		var unknown []string
		for _, f := range page.FactsOf(v, policy.Facts{Amount: money.Of(1, "USD"), Unknown: []string{source}}) {
			if f.Unknown {
				unknown = append(unknown, f.Name)
				assert.Contains(t, f.Value, "Not known")
			}
		}
		assert.ElementsMatch(t, shares, unknown, source)
	}
}
