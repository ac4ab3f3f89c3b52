using System.Text.Json;
using AutoBid.Policies.Models;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>verdict.json: what the registry reads (verdict, reason, the hashes that it is for), and the figures behind it.</summary>
public sealed record GateVerdict(string CardSha256, IReadOnlyDictionary<string, string> Files, string Verdict, string Reason, GateFigures Gate)
{
    public static GateVerdict Of(GateSubject subject, GateDecision decision, GateFigures figures)
        => new(subject.CardSha256, subject.Files, Word(decision.Verdict), GateText.Reason(decision, figures), figures);

    /// <summary>A verdict as files say it: default, usable, refused.</summary>
    public static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    /// <summary>Writes verdict.json into a folder, whole or not at all.</summary>
    public void Write(string folder)
        => EvaluationFolder.Write(Path.Combine(folder, "verdict.json"), [.. JsonSerializer.SerializeToUtf8Bytes(this, EvaluationJson.Indented), (byte)'\n']);
}
