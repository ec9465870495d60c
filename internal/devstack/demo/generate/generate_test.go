package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCommittedExportIsWhatTheGeneratorMakes(t *testing.T) {
	prices, err := readPrices("../prices.csv")
	require.NoError(t, err)
	files := export(prices)
	require.Len(t, files, 3)
	for name, made := range files {
		committed, err := os.ReadFile(filepath.Join("../export", name))
		require.NoError(t, err)
		require.True(t, string(committed) == string(made), "%s is stale: go run ./internal/devstack/demo/generate", name)
	}
	require.Equal(t, files, export(prices), "and makes it again")
}

// The rule of how many messages a text is charged as, by its length.
func TestMessages(t *testing.T) {
	for _, c := range []struct {
		characters int64
		gsm        bool
		want       int64
	}{
		{1, true, 1}, {160, true, 1}, {161, true, 2}, {306, true, 2}, {307, true, 3},
		{70, false, 1}, {71, false, 2}, {134, false, 2}, {135, false, 3},
	} {
		require.Equal(t, c.want, messages(c.characters, c.gsm), "%d characters, GSM %t", c.characters, c.gsm)
	}
}

func TestPricesAreExactInEveryCurrency(t *testing.T) {
	prices, err := readPrices("../prices.csv")
	require.NoError(t, err)
	for _, d := range prices {
		for currency := range rates {
			require.NotPanics(t, func() { require.Positive(t, d.priceIn(currency)) })
		}
	}
}
