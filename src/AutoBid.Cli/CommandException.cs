namespace AutoBid.Cli;

/// <summary>A command cannot do what was asked; the message is one line for stderr.</summary>
internal sealed class CommandException : Exception
{
    /// <summary>What was asked failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line, a setting or a file named by one cannot be used.</summary>
    public const int Usage = 2;

    public CommandException(string message, int exitCode = Failed)
        : base(message) => ExitCode = exitCode;

    public CommandException(string message, Exception inner, int exitCode = Failed)
        : base(message, inner) => ExitCode = exitCode;

    public int ExitCode { get; }
}
