package ui

import (
	"image"
	"image/color"

	"gioui.org/layout"
	"gioui.org/unit"
	"gioui.org/widget"
	"golang.org/x/exp/shiny/materialdesign/icons"
)

var (
	iconClose    = icon(icons.NavigationClose)
	iconSearch   = icon(icons.ActionSearch)
	iconCheck    = icon(icons.NavigationCheck)
	iconAdd      = icon(icons.ContentAdd)
	iconEdit     = icon(icons.ImageEdit)
	iconHand     = icon(icons.ActionPanTool)
	iconPlace    = icon(icons.MapsNearMe)
	iconTime     = icon(icons.DeviceAccessTime)
	iconServer   = icon(icons.FileCloudDone)
	iconNoServer = icon(icons.FileCloudOff)
	iconRadio    = icon(icons.DeviceBluetoothSearching)
	iconNoRadio  = icon(icons.DeviceBluetoothDisabled)
	iconShield   = icon(icons.HardwareSecurity)
	iconNumber   = icon(icons.DeviceBluetooth)
	iconTimer    = icon(icons.ActionDelete)
	iconPause    = icon(icons.AVPause)
	iconPlay     = icon(icons.AVPlayArrow)
)

// categoryIcons are by category; iconOther is for those that are not here.
var categoryIcons = map[string]*widget.Icon{
	"tech":        icon(icons.HardwareMemory),
	"music":       icon(icons.ImageMusicNote),
	"dance":       icon(icons.AVEqualizer),
	"philosophy":  icon(icons.ActionLightbulbOutline),
	"sports":      icon(icons.MapsDirectionsRun),
	"outdoors":    icon(icons.ImageLandscape),
	"food":        icon(icons.MapsLocalDining),
	"drinks":      icon(icons.MapsLocalBar),
	"games":       icon(icons.HardwareVideogameAsset),
	"film-tv":     icon(icons.AVMovie),
	"books":       icon(icons.MapsLocalLibrary),
	"art":         icon(icons.ImagePalette),
	"photography": icon(icons.ImagePhotoCamera),
	"science":     icon(icons.ImageLeakAdd),
	"travel":      icon(icons.MapsFlight),
	"languages":   icon(icons.ActionTranslate),
	"crafts":      icon(icons.ImageBrush),
	"animals":     icon(icons.ActionPets),
	"wellness":    icon(icons.PlacesSpa),
	"wheels":      icon(icons.MapsDirectionsBike),
	"history":     icon(icons.ActionHistory),
	"society":     icon(icons.SocialPublic),
	"business":    icon(icons.ActionWork),
	"home":        icon(icons.ActionHome),
}

var iconOther = icon(icons.ActionLabelOutline)

func categoryIcon(name string) *widget.Icon {
	if i, ok := categoryIcons[name]; ok {
		return i
	}
	return iconOther
}

func icon(data []byte) *widget.Icon {
	i, err := widget.NewIcon(data)
	if err != nil {
		panic("ui: an embedded icon: " + err.Error()) // a defect of this package
	}
	return i
}

// draw returns a widget of an icon.
func draw(i *widget.Icon, size unit.Dp, c color.NRGBA) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		gtx.Constraints = layout.Exact(image.Pt(gtx.Dp(size), gtx.Dp(size)))
		return i.Layout(gtx, c)
	}
}

// badge returns a widget of an icon on a disc.
func badge(i *widget.Icon, size unit.Dp, on, c color.NRGBA) layout.Widget {
	return func(gtx layout.Context) layout.Dimensions {
		d := gtx.Dp(size)
		disc(gtx, image.Pt(d/2, d/2), d/2, on)
		gtx.Constraints = layout.Exact(image.Pt(d, d))
		return layout.Center.Layout(gtx, draw(i, size*0.55, c))
	}
}
