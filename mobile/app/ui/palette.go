package ui

import "image/color"

// palette is a colour for each role of Material Design 3 that the app uses. Teal
// is the app, coral is people.
type palette struct {
	primary, onPrimary                   color.NRGBA
	primaryContainer, onPrimaryContainer color.NRGBA
	secondary, onSecondary               color.NRGBA // containers: chosen chips, quiet buttons
	people, onPeople                     color.NRGBA // containers of nudges
	coral                                color.NRGBA
	surface, onSurface, onVariant        color.NRGBA
	low, container, high                 color.NRGBA // surfaces above it
	outline, outlineVariant              color.NRGBA
	inverse, onInverse                   color.NRGBA
	good, warn, idle                     color.NRGBA // the dots of the status
}

var light = palette{
	primary: rgb(0x006A60), onPrimary: rgb(0xFFFFFF),
	primaryContainer: rgb(0xB4EFE4), onPrimaryContainer: rgb(0x00201C),
	secondary: rgb(0xCCE8E2), onSecondary: rgb(0x05201C),
	people: rgb(0xFFDBD1), onPeople: rgb(0x3A0B01), coral: rgb(0xC24A2C),
	surface: rgb(0xF6FBF8), onSurface: rgb(0x161D1C), onVariant: rgb(0x3F4947),
	low: rgb(0xEFF5F2), container: rgb(0xE9EFEC), high: rgb(0xE1E8E5),
	outline: rgb(0x6F7977), outlineVariant: rgb(0xBEC9C6),
	inverse: rgb(0x2B3230), onInverse: rgb(0xECF2EF),
	good: rgb(0x1E8E5A), warn: rgb(0xB26A00), idle: rgb(0x8A9492),
}

var dark = palette{
	primary: rgb(0x82D5C8), onPrimary: rgb(0x003731),
	primaryContainer: rgb(0x005048), onPrimaryContainer: rgb(0x9EF2E4),
	secondary: rgb(0x334B47), onSecondary: rgb(0xCCE8E2),
	people: rgb(0x5F2A1B), onPeople: rgb(0xFFDBD1), coral: rgb(0xFF8A6B),
	surface: rgb(0x0E1513), onSurface: rgb(0xDEE4E1), onVariant: rgb(0xBEC9C6),
	low: rgb(0x161D1C), container: rgb(0x1A211F), high: rgb(0x252B2A),
	outline: rgb(0x899390), outlineVariant: rgb(0x3F4947),
	inverse: rgb(0xDEE4E1), onInverse: rgb(0x2B3230),
	good: rgb(0x6FDBA2), warn: rgb(0xFFB95C), idle: rgb(0x899390),
}

func rgb(c uint32) color.NRGBA {
	return color.NRGBA{R: uint8(c >> 16), G: uint8(c >> 8), B: uint8(c), A: 255}
}

// fade returns c with a share of its opacity.
func fade(c color.NRGBA, share float32) color.NRGBA {
	c.A = uint8(float32(c.A) * share)
	return c
}

// mix returns the colour that lies a share of the way from a to b.
func mix(a, b color.NRGBA, share float32) color.NRGBA {
	m := func(x, y uint8) uint8 { return uint8(float32(x) + (float32(y)-float32(x))*share) }
	return color.NRGBA{R: m(a.R, b.R), G: m(a.G, b.G), B: m(a.B, b.B), A: m(a.A, b.A)}
}
