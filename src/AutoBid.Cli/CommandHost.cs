using AutoBid.Cli.Output;
using Spectre.Console;

namespace AutoBid.Cli;

/// <summary>What a command talks to: its output streams and its environment. Tests bring their own.</summary>
internal sealed class CommandHost
{
    /// <summary>Width of tables when nobody's terminal sets one.</summary>
    private const int PipeWidth = 180;

    public CommandHost(TextWriter output, TextWriter error, bool isTerminal, Func<string, string?> environment)
    {
        Out = output;
        Error = error;
        IsTerminal = isTerminal;
        Environment = environment;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        if (!isTerminal) Console.Profile.Width = PipeWidth;
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    /// <summary>Whether <see cref="Out"/> is a terminal that a person watches.</summary>
    public bool IsTerminal { get; }

    /// <summary>Looks up an environment variable.</summary>
    public Func<string, string?> Environment { get; }

    public IAnsiConsole Console { get; }

    /// <summary>The process's own.</summary>
    public static CommandHost OfProcess() => new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected, System.Environment.GetEnvironmentVariable);

    public IRunView RunView() => IsTerminal ? new LiveRunView(Console) : new PlainRunView(Out);
}
