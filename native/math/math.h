// All scalar functions, in namespace fn.
#pragma once
#include "basic.h"
#include "float32.h"
#include "float64.h"
#include "integer.h"
