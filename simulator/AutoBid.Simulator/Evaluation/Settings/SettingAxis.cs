namespace AutoBid.Simulator.Evaluation.Settings;

/// <summary>What differs between evaluations side by side, and so what a row's loss is measured from.</summary>
public enum SettingAxis
{
    /// <summary>The market; losses are from the market without a shift.</summary>
    Shift,

    /// <summary>What candidates are told; losses are from all known.</summary>
    Knowledge,

    /// <summary>The population prior; losses are from the first one named.</summary>
    Prior,
}
