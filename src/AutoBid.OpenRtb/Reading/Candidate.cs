namespace AutoBid.OpenRtb.Reading;

/// <summary>One entry of imp.ext.autobid.candidates: an ad of a campaign with its predicted value, chosen by the DSP.</summary>
public struct Candidate
{
    /// <summary>Campaign id; always present.</summary>
    public JsonText Campaign { get; internal set; }

    /// <summary>Predicted value of the impression: finite, at least 0; probability or account currency after the campaign's objective.</summary>
    public double Value { get; internal set; }

    /// <summary>crid as raw JSON string.</summary>
    public JsonSlice Creative { get; internal set; }

    /// <summary>adomain as raw JSON array of strings.</summary>
    public JsonSlice AdvertiserDomains { get; internal set; }

    /// <summary>adm as raw JSON string.</summary>
    public JsonSlice Markup { get; internal set; }

    /// <summary>cat as raw JSON array of strings.</summary>
    public JsonSlice Categories { get; internal set; }

    /// <summary>mtype as stated; 0 when absent. What is answered comes from <see cref="AutoBid.OpenRtb.Markup.MarkupRules"/>.</summary>
    public int MarkupType { get; internal set; }

    /// <summary>w in pixels; 0 when absent.</summary>
    public int Width { get; internal set; }

    /// <summary>h in pixels; 0 when absent.</summary>
    public int Height { get; internal set; }

    /// <summary>dur in seconds; 0 when absent.</summary>
    public int Duration { get; internal set; }

    internal int DealStart { get; set; }

    internal int DealCount { get; set; }
}
