using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Cli.Inference;

/// <summary>The rows of a model's parity file, over and over: features as training made them.</summary>
internal sealed class ModelRows(ModelCard card, Dictionary<string, NpyArray> arrays)
{
    private readonly Dictionary<string, Array> _values = card.Inputs.ToDictionary(
        tensor => tensor.Name, tensor => (Array)(tensor.Dtype == "int64" ? arrays[tensor.Name].ToLongs() : arrays[tensor.Name].ToFloats()), StringComparer.Ordinal);

    /// <exception cref="CommandException">The file cannot be read.</exception>
    public static ModelRows Load(ModelCard card, string folder)
    {
        try
        {
            using FileStream stream = File.OpenRead(Path.Combine(folder, card.Parity.File));
            return new ModelRows(card, NpzReader.Read(stream));
        }
        catch (Exception e) when (e is IOException or FormatException or KeyNotFoundException)
        {
            throw new CommandException($"{folder}: {card.Parity.File}: {e.Message}", e);
        }
    }

    public void Fill(InferenceRequest request, IReadOnlyList<SessionTensor> inputs)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            Array values = _values[inputs[i].Name];
            if (values is long[] longs) Repeat(longs, request.Longs(i));
            else Repeat((float[])values, request.Floats(i));
        }
    }

    public void Fill(IInferenceSession session, int rows)
    {
        for (int i = 0; i < session.Inputs.Count; i++)
        {
            int width = session.Inputs[i].RowLength;
            Array values = _values[session.Inputs[i].Name];
            if (values is long[] longs) Repeat(longs, session.Longs(i)[..(rows * width)]);
            else Repeat((float[])values, session.Floats(i)[..(rows * width)]);
        }
    }

    private static void Repeat<T>(T[] from, Span<T> into)
    {
        for (int at = 0; at < into.Length; at += from.Length) from.AsSpan(0, Math.Min(from.Length, into.Length - at)).CopyTo(into[at..]);
    }
}
