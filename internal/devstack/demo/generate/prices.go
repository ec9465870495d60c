package main

import (
	"encoding/csv"
	"fmt"
	"os"

	"refunddesk/internal/money"
)

// destination is a country that messages go to, with its list price in USD micros.
type destination struct {
	iso   string
	price int64
}

func readPrices(file string) ([]destination, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, err
	}
	var list []destination
	for _, row := range rows[1:] { // country, iso, dial_code, usd_per_message
		price, err := money.ParseMicros(row[3])
		if err != nil {
			return nil, fmt.Errorf("price of %s: %w", row[1], err)
		}
		list = append(list, destination{iso: row[1], price: price})
	}
	return list, nil
}

// The demo's fixed rates: what one USD of list price costs in the other currencies. They
// are nobody's market rates; they are round, so that every price stays exact in micros.
var rates = map[string]struct{ times, by int64 }{
	"USD": {1, 1},
	"CNY": {72, 10},
	"EUR": {9, 10},
}

// priceIn gives the price of one message in the currency, in micros.
func (d destination) priceIn(currency string) int64 {
	rate := rates[currency]
	if d.price*rate.times%rate.by != 0 {
		panic("the price of " + d.iso + " is not exact in " + currency)
	}
	return d.price * rate.times / rate.by
}

// messages is how many messages a text of so many characters is charged as: one up to
// 160 characters of the GSM alphabet, else one per 153; in other alphabets 70 and 67.
func messages(characters int64, gsm bool) int64 {
	single, part := int64(70), int64(67)
	if gsm {
		single, part = 160, 153
	}
	if characters <= single {
		return 1
	}
	return (characters + part - 1) / part
}
