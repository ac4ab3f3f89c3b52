namespace AutoBid.Policies.Fallback;

/// <summary>The names that decisions, events and metrics carry.</summary>
public static class FallbackNames
{
    public static string Of(FallbackStep step) => step switch
    {
        FallbackStep.Last => "last",
        FallbackStep.Pid => "pid",
        _ => "safe",
    };

    public static string Of(FallbackReason reason) => reason switch
    {
        FallbackReason.Deadline => "deadline",
        FallbackReason.QueueFull => "queue-full",
        FallbackReason.Breaker => "breaker",
        FallbackReason.NoModel => "no-model",
        _ => "gpu-lost",
    };
}
