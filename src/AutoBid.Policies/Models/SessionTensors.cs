namespace AutoBid.Policies.Models;

/// <summary>Finds a graph's tensors by name.</summary>
internal static class SessionTensors
{
    /// <summary>-1: there is none.</summary>
    public static int IndexOf(this IReadOnlyList<SessionTensor> tensors, string name)
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            if (tensors[i].Name == name) return i;
        }

        return -1;
    }

    /// <summary>Index of an input whose rows have this type and shape.</summary>
    /// <exception cref="ModelRefusedException">Reason Shape: there is none.</exception>
    public static int IndexOfInput(this IReadOnlyList<SessionTensor> inputs, string name, string dtype, params int[] row)
    {
        int index = inputs.IndexOf(name);
        if (index < 0) throw new ModelRefusedException(RefusalReason.Shape, $"the graph has no input {name}");
        SessionTensor tensor = inputs[index];
        return tensor.Dtype == dtype && tensor.Shape.Skip(1).SequenceEqual(row)
            ? index
            : throw new ModelRefusedException(RefusalReason.Shape, $"input {name} is {tensor.Dtype}[{string.Join(", ", tensor.Shape)}], not {dtype}[-1, {string.Join(", ", row)}]");
    }
}
