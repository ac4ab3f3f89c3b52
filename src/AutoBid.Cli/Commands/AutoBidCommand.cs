using System.CommandLine;
using System.CommandLine.Invocation;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Serving;

namespace AutoBid.Cli.Commands;

/// <summary>The tool: its commands, and how every failure becomes one line on standard error and an exit code.</summary>
internal static class AutoBidCommand
{
    /// <summary>Exit code of a run that was interrupted, as shells use it.</summary>
    private const int Interrupted = 130;

    /// <summary>Time for the service to settle its state after SIGTERM or Ctrl-C.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);

    public static RootCommand Create(CommandHost host) => new("AutoBid: real-time ad auto-bidding.")
    {
        ServeCommand.Create(host),
        DemoCommand.Create(host),
        SimulateCommand.Create(host),
        ReplayCommand.Create(host),
        EvaluateCommand.Create(host),
        ExportDataCommand.Create(host),
        ExportPriorCommand.Create(host),
        TrainCommand.Create(host),
        ModelsCommand.Create(host),
        KeysCommand.Create(host),
        BenchCommand.Create(host),
    };

    /// <summary>Runs one command line. 0 only when what was asked was done.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CommandHost host)
    {
        ParseResult parsed = Create(host).Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            // What was not understood says more than what is missing because of it.
            string why = parsed.UnmatchedTokens.Count > 0 ? $"'{parsed.UnmatchedTokens[0]}' is no command or option here" : parsed.Errors[0].Message;
            await FailAsync(host, why);
            return CommandException.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = StopTimeout,
                Output = host.Out,
                Error = host.Error,
            });
        }
        catch (OperationCanceledException)
        {
            await host.Error.WriteLineAsync("autobid: interrupted");
            return Interrupted;
        }
        catch (CommandException e)
        {
            await FailAsync(host, e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (e is ServiceException or IOException or UnauthorizedAccessException)
        {
            await FailAsync(host, e.Message);
            return CommandException.Failed;
        }
    }

    private static Task FailAsync(CommandHost host, string message) => host.Error.WriteLineAsync($"autobid: {message.ReplaceLineEndings(" ")}");
}
