namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>What a memory has to store of its hours.</summary>
internal interface IHourContent
{
    /// <summary>Hours with something that no commit has stored yet.</summary>
    IReadOnlyCollection<int> PendingHours { get; }

    /// <summary>The blob of what is pending in an hour.</summary>
    byte[] Delta(int hour);

    /// <summary>The blob of all that the hour has, pending or not; null: nothing.</summary>
    byte[]? Whole(int hour);
}
