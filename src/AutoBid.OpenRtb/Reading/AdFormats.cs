namespace AutoBid.OpenRtb.Reading;

/// <summary>Markup types an impression offers. Bit n is OpenRTB mtype n + 1 (banner 1, video 2, audio 3, native 4).</summary>
[Flags]
public enum AdFormats
{
    None = 0,
    Banner = 1,
    Video = 2,
    Audio = 4,
    Native = 8,
}
