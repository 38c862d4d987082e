using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor eq(Tensor other) => Aten.eq.Call(this, other);

        public Tensor eq(Scalar other) => Aten.eq_Scalar.Call(this, other);

        public Tensor ne(Tensor other) => Aten.ne.Call(this, other);

        public Tensor ne(Scalar other) => Aten.ne_Scalar.Call(this, other);

        public Tensor lt(Tensor other) => Aten.lt.Call(this, other);

        public Tensor lt(Scalar other) => Aten.lt_Scalar.Call(this, other);

        public Tensor le(Tensor other) => Aten.le.Call(this, other);

        public Tensor le(Scalar other) => Aten.le_Scalar.Call(this, other);

        public Tensor gt(Tensor other) => Aten.gt.Call(this, other);

        public Tensor gt(Scalar other) => Aten.gt_Scalar.Call(this, other);

        public Tensor ge(Tensor other) => Aten.ge.Call(this, other);

        public Tensor ge(Scalar other) => Aten.ge_Scalar.Call(this, other);

        public Tensor not_equal(Tensor target) => ne(target);

        public Tensor less(Tensor target) => lt(target);

        public Tensor less_equal(Tensor target) => le(target);

        public Tensor greater(Tensor target) => gt(target);

        public Tensor greater_equal(Tensor target) => ge(target);

        /// <summary>True when shapes and all elements are the same.</summary>
        public bool equal(Tensor other) => Aten.equal.CallBool(this, other);

        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) =>
            Aten.allclose.CallBool(this, target, rtol, atol, equal_nan);

        public Tensor isclose(Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) =>
            Aten.isclose.Call(this, other, rtol, atol, nanEqual);

        public Tensor logical_and(Tensor other) => Aten.logical_and.Call(this, other);

        public Tensor logical_or(Tensor other) => Aten.logical_or.Call(this, other);

        public Tensor logical_xor(Tensor other) => Aten.logical_xor.Call(this, other);

        public Tensor bitwise_and(Tensor other) => Aten.bitwise_and.Call(this, other);

        public Tensor bitwise_or(Tensor other) => Aten.bitwise_or.Call(this, other);

        public Tensor bitwise_xor(Tensor other) => Aten.bitwise_xor.Call(this, other);

        public Tensor bitwise_left_shift(Tensor other) => Aten.bitwise_left_shift.Call(this, other);

        public Tensor bitwise_right_shift(Tensor other) => Aten.bitwise_right_shift.Call(this, other);

        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);

        public static Tensor operator ==(Tensor left, Scalar right) => left.eq(right);

        public static Tensor operator ==(Scalar left, Tensor right) => right.eq(left);

        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);

        public static Tensor operator !=(Tensor left, Scalar right) => left.ne(right);

        public static Tensor operator !=(Scalar left, Tensor right) => right.ne(left);

        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);

        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);

        public static Tensor operator <(Scalar left, Tensor right) => right.gt(left);

        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);

        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);

        public static Tensor operator <=(Scalar left, Tensor right) => right.ge(left);

        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);

        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);

        public static Tensor operator >(Scalar left, Tensor right) => right.lt(left);

        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);

        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);

        public static Tensor operator >=(Scalar left, Tensor right) => right.le(left);

        public static Tensor operator &(Tensor left, Tensor right) => left.bitwise_and(right);

        public static Tensor operator |(Tensor left, Tensor right) => left.bitwise_or(right);

        public static Tensor operator ^(Tensor left, Tensor right) => left.bitwise_xor(right);

        public static Tensor operator ~(Tensor value) => value.bitwise_not();

        public static Tensor operator <<(Tensor left, Tensor right) => left.bitwise_left_shift(right);

        public static Tensor operator >>(Tensor left, Tensor right) => left.bitwise_right_shift(right);
    }
}
